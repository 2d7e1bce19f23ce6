import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Assembler } from '../../src/bpf/assembler.js'
import { HELPERS } from '../../src/bpf/helpers.js'
import { BPF_F_MMAPABLE, BpfMap } from '../../src/bpf/map.js'
import { Program } from '../../src/bpf/program.js'
import { R0, R1, R2, R3, R10 } from '../../src/bpf/registers.js'
import { VerifierError } from '../../src/bpf/verifier_error.js'
import { UnsupportedError } from '../../src/errors.js'
import { taskOffset, taskPointers } from './task_pointers.js'

const load = (code: Assembler, name = 'test') => Program.load({ type: 'syscall', name, code })

function caught(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('it did not throw')
}

test('reads kernel memory into a mapped array', () => {
  using map = BpfMap.create({
    type: 'array',
    keySize: 4,
    valueSize: 4096,
    maxEntries: 1,
    flags: BPF_F_MMAPABLE,
    name: 'window',
  })
  const read = new Assembler().load('u64', R3, R1, 0).ldMapValue(R1, map.fd.number)
  using program = load(read.mov(R2, 16).call(HELPERS.probe_read_kernel).exit())
  using window = map.mmap()
  const context = new BigUint64Array(1)
  const run = program.prepareRun(new Uint8Array(context.buffer))
  const comm = BigInt(taskOffset('comm'))
  const tasks = taskPointers().filter(({ pid, tgid }) => pid === tgid)
  let compared = 0
  for (const { address, pid } of tasks) {
    context[0] = address + comm
    expect(run()).toBe(0)
    const name = Buffer.from(window.bytes.subarray(0, window.bytes.indexOf(0))).toString()
    const expected = commOf(pid)
    if (expected === undefined) continue
    // /proc shows a longer name for kernel workers.
    if (expected.startsWith('kworker/')) expect(name).toMatch(/^kworker\//)
    else expect(expected.slice(0, 15)).toBe(name)
    compared++
  }
  expect(compared).toBeGreaterThan(30)
  context[0] = 0n
  expect(run() | 0).toBeLessThan(0)
})

function commOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').slice(0, -1)
  } catch {
    return undefined
  }
}

test('gives the context to the program, and back what it wrote', () => {
  const add = new Assembler().load('u64', R0, R1, 0).load('u64', R2, R1, 8).add(R0, R2)
  using program = load(add.store('u64', R1, 8, R0).exit())
  const context = BigUint64Array.of(40n, 2n)
  const run = program.prepareRun(new Uint8Array(context.buffer))
  expect(run()).toBe(42)
  expect(context).toEqual(BigUint64Array.of(40n, 42n))
  context[0] = 0xffff_ffffn
  expect(run()).toBe(41)
  expect(context[1]).toBe(0x1_0000_0029n)
})

test('bpftool sees name, type and licence', () => {
  const name = `name${process.pid}`
  using program = load(new Assembler().mov(R0, 7).exit(), name)
  const show = execFileSync('bpftool', ['prog', 'show', 'name', name, '-j'], { encoding: 'utf8' })
  expect(JSON.parse(show)).toMatchObject({ type: 'syscall', name, gpl_compatible: true })
  expect(program.testRun()).toBe(7)
})

test('a closed program does not run', () => {
  const program = load(new Assembler().mov(R0, 7).exit())
  const run = program.prepareRun()
  program[Symbol.dispose]()
  expect(run).toThrow('it is closed already')
})

test("a rejected program says the verifier's last words", () => {
  const error = caught(() => load(new Assembler().mov(R1, 5).load('u8', R0, R1).exit(), 'bad'))
  expect(error).toBeInstanceOf(VerifierError)
  const { message, log } = error as VerifierError
  expect(message).toMatch(/^BPF program bad: the verifier rejected it: .*R1 invalid mem access/)
  expect(message).not.toMatch(/\n|processed \d+ insns/)
  expect(log).toContain('0: (b7) r1 = 5')
})

test('the last words are there however long the log is', () => {
  const a = new Assembler()
  for (let i = 0; i < 200; i++)
    a.call(HELPERS.get_current_pid_tgid)
      .jne(R0, i + 1, `l${i}`)
      .label(`l${i}`)
  for (let i = 0; i < 8000; i++) a.store('u64', R10, -8, i)
  const error = caught(() => load(a.mov(R0, R3).exit()))
  expect((error as VerifierError).log.length).toBeGreaterThan(200_000)
  expect((error as VerifierError).message).toMatch(/R3 !read_ok$/)
})

test.each<[string, Assembler, RegExp | string]>([
  ['no instructions', new Assembler(), 'bpf BPF_PROG_LOAD: E2BIG'],
  ['an unknown helper', new Assembler().call(5000).exit(), /invalid func unknown#5000$/],
  ['no end', new Assembler().mov(R0, 0), /last insn is not an exit or jmp/],
  ['an endless loop', new Assembler().label('l').ja('l').exit(), /unreachable insn|infinite loop/],
  ['a kernel function that is none', new Assembler().callKfunc(1).exit(), /is not a function/],
  ['a map that is none', new Assembler().ldMapFd(R1, 9999).exit(), /fd 9999 is not pointing to/],
])('%s is an error', (_, code, message) => {
  expect(() => load(code)).toThrow(message)
})

test('what fails before the verifier says what is needed', () => {
  const code = new Assembler().mov(R0, 0).exit()
  const options = {
    type: 'syscall',
    name: 'nothing',
    code,
    expectedAttachType: 'trace_iter',
  } as const
  const error = caught(() => Program.load(options))
  expect(error).toBeInstanceOf(UnsupportedError)
  expect((error as Error).message).toMatch(
    /^BPF program nothing: Linux \S+ does not take it as a program of type syscall: use Linux 5\.14 or later with CONFIG_BPF_SYSCALL and/,
  )
})
