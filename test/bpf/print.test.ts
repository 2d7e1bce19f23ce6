import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Assembler } from '../../src/bpf/assembler.js'
import { HELPERS } from '../../src/bpf/helpers.js'
import { BpfMap } from '../../src/bpf/map.js'
import { print } from '../../src/bpf/print.js'
import { Program } from '../../src/bpf/program.js'
import {
  R0,
  R1,
  R2,
  R3,
  R4,
  R5,
  R6,
  R7,
  R8,
  R9,
  R10,
  W0,
  W1,
  W2,
  W3,
  W4,
  W5,
  W6,
  W7,
  W8,
  W9,
} from '../../src/bpf/registers.js'
import { VerifierError } from '../../src/bpf/verifier_error.js'
import { Btf } from '../../src/btf/btf.js'
import { readSysfs } from '../../src/linux/sysfs.js'

const btf = new Btf(readSysfs('/sys/kernel/btf/vmlinux'))
const kfuncName = (id: number) => btf.type(id).name

/** What the verifier says of a program that it rejects. */
function verifierLog(code: Assembler): string {
  try {
    using _ = Program.load({ type: 'syscall', name: 'print', code })
  } catch (error) {
    if (error instanceof VerifierError) return error.log
    throw error
  }
  throw new Error('the program was not rejected')
}

/** An instruction that the verifier rejects, so that it shows all that came before. */
function reject(a: Assembler): Assembler {
  return a.mov(R0, 0).load('u64', R0, R0, 0).exit()
}

/** Lines such as `3: (b7) r0 = 0     ; R0_w=0`, by the number of the instruction. */
function linesOf(text: string): Map<number, string> {
  const lines = new Map<number, string>()
  for (const [, index, line] of text.matchAll(/^ *(\d+): (\([0-9a-f]{2}\) .*?)\s*(?:;.*)?$/gm)) {
    lines.set(Number(index), line!)
  }
  return lines
}

/** Compares what `print` says with what the verifier says of `count` instructions. */
function expectAgreement(a: Assembler, count: number): void {
  const theirs = linesOf(verifierLog(a))
  const ours = linesOf(print(a.assemble().instructions, kfuncName))
  for (const [index, line] of theirs)
    expect(`${index}: ${ours.get(index)}`).toBe(`${index}: ${line}`)
  expect(theirs.size).toBe(count)
}

const WIDE = [R0, R1, R2, R3, R4, R5, R6, R7, R8, R9]
const NARROW = [W0, W1, W2, W3, W4, W5, W6, W7, W8, W9]

/** All registers hold a number, and R10 - 8 can be read. */
function start(): Assembler {
  const a = new Assembler().store('u64', R10, -8, 0)
  for (const register of WIDE) a.mov(register, 3)
  return a
}

const STARTED = 1 + WIDE.length

/** What the verifier reads of a rejection. */
const REJECTION = 2

const BINARY = [
  'mov',
  'add',
  'sub',
  'mul',
  'div',
  'mod',
  'sdiv',
  'smod',
  'or',
  'and',
  'xor',
  'lsh',
  'rsh',
  'arsh',
] as const

const COMPARISONS = [
  'jeq',
  'jne',
  'jset',
  'jgt',
  'jge',
  'jlt',
  'jle',
  'jsgt',
  'jsge',
  'jslt',
  'jsle',
] as const

describe('prints as the verifier does', () => {
  test.each(BINARY)('%s', (operation) => {
    const a = start()
    for (let i = 0; i < 10; i++) {
      a[operation](WIDE[i]!, i + 1)
      a[operation](NARROW[i]!, i + 1)
      a[operation](WIDE[i]!, WIDE[(i + 1) % 10]!)
      a[operation](NARROW[i]!, NARROW[(i + 1) % 10]!)
    }
    const shift = operation.endsWith('sh')
    if (!shift)
      a[operation](R1, -(2 ** 31))
        [operation](W1, 2 ** 31 - 1)
        [operation](R1, -1)
    expectAgreement(reject(a), STARTED + 40 + (shift ? 0 : 3) + REJECTION)
  })

  test('negation, sign extension and byte order', () => {
    const a = start().neg(R1).neg(W2)
    for (const bits of [8, 16, 32] as const) a.movsx(R3, R4, bits)
    for (const bits of [8, 16] as const) a.movsx(W5, W6, bits)
    for (const bits of [16, 32, 64] as const) a.le(R7, bits).be(R8, bits).bswap(R9, bits)
    expectAgreement(reject(a), STARTED + 2 + 5 + 9 + REJECTION)
  })

  test.each(COMPARISONS)('%s', (comparison) => {
    const a = start()
    // Numbers that the verifier does not know, so that it follows both branches.
    a.call(HELPERS.ktime_get_ns).mov(R6, R0).call(HELPERS.ktime_get_ns).mov(R7, R0)
    a[comparison](R6, 7, 'next')[comparison](W6, -1, 'next').label('next')
    a[comparison](R6, R7, 'end')[comparison](W6, W7, 'end')
    a.mov(R8, 1).label('end')
    expectAgreement(reject(a), STARTED + 4 + 4 + 1 + REJECTION)
  })

  test('loads and stores', () => {
    const a = start()
    let count = STARTED
    for (const size of ['u8', 'u16', 'u32', 'u64'] as const) {
      a.store(size, R10, -8, 5).store(size, R10, -8, R5).load(size, R6, R10, -8)
      count += 3
    }
    for (const size of ['s8', 's16', 's32'] as const) a.load(size, R7, R10, -8)
    a.mov(R1, R10).add(R1, -16).store('u32', R1, 8, -7).load('u8', R2, R1, 8)
    expectAgreement(reject(a), count + 3 + 4 + REJECTION)
  })

  test('atomic operations', () => {
    const a = start()
    let count = STARTED
    for (const size of ['u32', 'u64'] as const) {
      a.atomicAdd(size, R10, -8, R1).atomicOr(size, R10, -8, R2)
      a.atomicAnd(size, R10, -8, R3).atomicXor(size, R10, -8, R4)
      a.atomicFetchAdd(size, R10, -8, R5).atomicFetchOr(size, R10, -8, R6)
      a.atomicFetchAnd(size, R10, -8, R7).atomicFetchXor(size, R10, -8, R8)
      a.atomicXchg(size, R10, -8, R9).atomicCmpxchg(size, R10, -8, R1)
      count += 10
    }
    expectAgreement(reject(a), count + REJECTION)
  })

  test('64-bit constants', () => {
    const values = [0n, 1n, -1n, 0x1234_5678_9abc_def0n, 2n ** 63n, 0xffff_ffffn, -(2n ** 31n)]
    const a = start()
    for (const value of values) a.ldImm64(R3, value)
    expectAgreement(reject(a), STARTED + values.length + REJECTION)
  })

  test('jumps and calls', () => {
    const a = start()
    a.ja('one').label('one').gotol('two').label('two').mayGoto('three').label('three')
    a.callKfunc(btf.get('bpf_rcu_read_lock', 'func').id)
    a.callKfunc(btf.get('bpf_rcu_read_unlock', 'func').id)
    a.call(HELPERS.get_current_pid_tgid).callLocal('sub')
    reject(a).label('sub').mov(R0, 1).exit()
    expectAgreement(a, STARTED + 3 + 4 + REJECTION + 2)
  })
})

describe('prints as bpftool does', () => {
  let map: BpfMap
  beforeAll(() => {
    map = BpfMap.create({ type: 'array', keySize: 4, valueSize: 64, maxEntries: 1, name: 'values' })
  })
  afterAll(() => map[Symbol.dispose]())

  test('what the kernel turns into an address', () => {
    const name = `print${process.pid}`
    const a = new Assembler().ldMapFd(R1, map.fd.number).ldMapValue(R6, map.fd.number, 8)
    a.ldFunc(R2, 'callback').mov(R3, 0).mov(R4, 0).call(HELPERS.for_each_map_elem).exit()
    a.label('callback').mov(R0, 0).exit()
    using program = Program.load({ type: 'syscall', name, code: a })
    expect(program.testRun()).toBe(1)
    const dump = execFileSync('bpftool', ['prog', 'dump', 'xlated', 'name', name], {
      encoding: 'utf8',
    })
    const theirs = linesOf(dump.replaceAll(/map\[id:\d+\]/g, `map[fd:${map.fd.number}]`))
    const ours = linesOf(a.toString())
    for (const index of [0, 2, 4]) expect(ours.get(index)).toBe(theirs.get(index))
  })
})
