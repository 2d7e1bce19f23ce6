import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { Assembler } from '../../src/bpf/assembler.js'
import { BPF_F_MMAPABLE, BpfMap } from '../../src/bpf/map.js'
import { Program } from '../../src/bpf/program.js'
import { R0, R1 } from '../../src/bpf/registers.js'
import { taskPointers } from './task_pointers.js'

const LIMIT = 256

/** Makes this process get EMFILE soon. */
beforeAll(() => {
  execFileSync('prlimit', ['--pid', `${process.pid}`, `--nofile=${LIMIT}:`])
})

const openFds = () => readdirSync('/proc/self/fd').length

/** Takes every file descriptor but `spare`. */
function exhaust(spare: number): Disposable {
  const taken: number[] = []
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'))
  } catch {
    for (const fd of taken.splice(0, spare)) closeSync(fd)
  }
  return { [Symbol.dispose]: () => taken.forEach(closeSync) }
}

/** A program with a callback, so that it takes BTF; and a mapped map. */
function everything(): void {
  using map = BpfMap.create({
    type: 'array',
    keySize: 4,
    valueSize: 8,
    maxEntries: 1,
    flags: BPF_F_MMAPABLE,
    name: 'leak',
  })
  using mapping = map.mmap()
  const a = new Assembler().ldFunc(R1, 'f').mov(R0, 0).exit().label('f').mov(R0, 0).exit()
  using program = Program.load({ type: 'syscall', name: 'leak', code: a })
  program.testRun()
  mapping.bytes[0] = 1
  if (taskPointers().length === 0) throw new Error('no tasks')
}

/** The error where only `spare` file descriptors are left, and what leaked. */
function withSpare(spare: number): { error: string; leaked: number } {
  using _ = exhaust(spare)
  // Counting takes a descriptor itself, so it is done after.
  try {
    everything()
    return { error: '', leaked: spare - freeFds() }
  } catch (error) {
    return { error: (error as Error).message, leaked: spare - freeFds() }
  }
}

/** How many files can be opened yet. */
function freeFds(): number {
  const opened: number[] = []
  try {
    for (;;) opened.push(openSync('/dev/null', 'r'))
  } catch {
    opened.forEach(closeSync)
    return opened.length
  }
}

test('wherever descriptors run out, none stays open', () => {
  everything()
  const before = openFds()
  const errors: string[] = []
  for (let spare = 0; ; spare++) {
    const { error, leaked } = withSpare(spare)
    expect(leaked).toBe(0)
    if (error === '') break
    errors.push(error.split(':')[0]!)
  }
  // What each step needs: a descriptor more than those that are open then.
  expect(errors).toEqual([
    'bpf BPF_MAP_CREATE',
    'bpf BPF_BTF_LOAD',
    'bpf BPF_PROG_LOAD',
    'bpf BPF_LINK_CREATE',
    'bpf BPF_ITER_CREATE',
  ])
  expect(openFds()).toBe(before)
})

test('a program that is rejected leaves nothing open', () => {
  using _ = exhaust(2)
  const bad = new Assembler().ldFunc(R1, 'f').load('u8', R0, R1).exit().label('f').mov(R0, 0).exit()
  for (let i = 0; i < 3; i++) {
    expect(() => Program.load({ type: 'syscall', name: 'bad', code: bad })).toThrow('R1')
    expect(freeFds()).toBe(2)
  }
})
