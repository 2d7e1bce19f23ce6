import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Kernel } from '../../../src/kernel/kernel.js'
import { LiveStacks, listTasksFromProc, openLive } from '../../../src/live/open_live.js'
import { compileProgram, temporaryFolder } from '../../support/compile.js'
import { describeLive } from '../../support/live.js'
import { procText } from '../../support/proc.js'
import { Running } from '../../support/program.js'
import { hasTools } from '../../support/tools.js'
import { gdbStacks } from '../../unwind/gdb.js'
import { euStacks, functionsOf, kernelPlaces, procStack, unlikeGdb } from './oracles.js'

let kernel: Kernel
let stacks: LiveStacks

const KINDS: readonly [kind: string, functions: RegExp][] = [
  ['recursion', /wait_here( recurse){101}/],
  ['alloca', /wait_here with_alloca aligned/],
  ['callback', /wait_here compare .*callback/],
  ['raise', /wait_here handler .*raise raise_here/],
  ['fault', /wait_here handler \S+ first_instruction fault/],
  ['same-stack', /wait_here handler \S+ first_instruction fault/],
  ['noreturn', /wait_here never_returns last_call/],
  ['threads', /wait_here threads .*_start$/],
]

const PYTHON = `
import sys, threading
def recurse(depth):
    if depth == 0:
        print('ready', flush=True)
        sys.stdin.read()
    else:
        sorted([1], key=lambda _: recurse(depth - 1))
threading.Thread(target=threading.Event().wait, daemon=True).start()
recurse(6)
`

const NODE = `require('fs').writeSync(1, 'ready\\n'); process.stdin.resume()`

describeLive('stacks of the running kernel', () => {
  beforeAll(() => {
    kernel = openLive()
    stacks = new LiveStacks(kernel)
  })
  afterAll(() => {
    stacks[Symbol.dispose]()
    kernel[Symbol.dispose]()
  })

  test.each(KINDS)('%s: user frames are those of gdb', async (kind, functions) => {
    const program = compileProgram('stacks', '-fomit-frame-pointer', '-pthread')
    await using process = await Running.start(program, [kind])
    await sleep(100)
    const ours = stacks.ofProcess(process.pid)
    expect(unlikeGdb(ours, gdbStacks(process.pid))).toEqual([])
    expect(functionsOf(ours[0]!)).toMatch(functions)
    expect(ours.every(({ userEnd }) => userEnd?.reason === 'outermost')).toBe(true)
    expect(ours.every(({ syscall }) => syscall !== undefined)).toBe(true)
  })

  test('the parent of a vfork(), which nobody can trace', async () => {
    const program = compileProgram('stacks', '-fomit-frame-pointer', '-pthread')
    await using process = await Running.start(program, ['vfork'])
    await sleep(100)
    const [stack] = stacks.ofProcess(process.pid)
    expect(functionsOf(stack!)).toMatch(/^\w*vfork forks \S+ \S+ _start$/)
    expect(stack!.syscall?.name).toBe('vfork')
  })

  test('a stripped program: user frames are those of gdb', async () => {
    const program = compileProgram('stacks', '-fomit-frame-pointer', '-pthread', '-s')
    await using process = await Running.start(program, ['alloca'])
    await sleep(100)
    const ours = stacks.ofProcess(process.pid)
    expect(unlikeGdb(ours, gdbStacks(process.pid))).toEqual([])
  })

  test('Python: user frames are those of gdb', async () => {
    await using process = await Running.start('python3', ['-c', PYTHON])
    await sleep(200)
    const ours = stacks.ofProcess(process.pid)
    expect(unlikeGdb(ours, gdbStacks(process.pid))).toEqual([])
    expect(ours.length).toBe(2)
  })

  describe.skipIf(!hasTools('eu-stack'))('elfutils', () => {
    test('Node.js, all threads: user frames are those of eu-stack', async () => {
      const script = join(temporaryFolder(), 'sleeps.cjs')
      writeFileSync(script, NODE)
      const flags = ['--interpreted-frames-native-stack', script]
      await using running = await Running.start(process.execPath, flags)
      await sleep(500)
      const ours = stacks.ofProcess(running.pid)
      const oracle = euStacks(running.pid)
      expect(new Map(ours.map(({ tid, user }) => [tid, user.map(({ pc }) => pc)]))).toEqual(oracle)
      expect(ours.length).toBeGreaterThan(4)
    })
  })

  test('kernel frames of every task are those of /proc/PID/stack', () => {
    let compared = 0
    const differing: string[] = []
    for (const { tgid, pid } of listTasksFromProc('threads')) {
      const before = procStack(tgid, pid)
      const [ours] = takenOrNone(pid)
      const after = procStack(tgid, pid)
      // It ran in between, or is running.
      if (ours === undefined || before === undefined || before.join() !== after?.join()) continue
      if (ours.problem !== undefined && ours.kernel.length === 0) continue
      const places = kernelPlaces(ours)
      if (places.join() !== before.join()) differing.push(`${pid}: ${places} but ${before}`)
      else compared++
    }
    // One may sleep, run and sleep elsewhere while it is looked at.
    expect(differing.length, differing.join('\n')).toBeLessThan(3)
    expect(compared).toBeGreaterThan(20)
  })

  test('the system call and wchan are those of /proc', async () => {
    const program = compileProgram('stacks', '-pthread')
    await using process = await Running.start(program, ['threads'])
    await sleep(200)
    for (const { tid, syscall, wchan } of stacks.ofProcess(process.pid)) {
      const [number, ...args] = procText(`${process.pid}/task/${tid}/syscall`)!.trim().split(' ')
      expect(syscall!.number).toBe(Number(number))
      expect(syscall!.args.map((arg) => `0x${arg.toString(16)}`)).toEqual(args.slice(0, 6))
      const theirs = procText(`${process.pid}/task/${tid}/wchan`)
      // The kernel says 0 of a task that it has not yet taken off its queue.
      if (theirs !== '0') expect(wchan).toBe(theirs)
    }
  })
})

/** Stacks of a single thread; none if it is gone. */
function takenOrNone(tid: number) {
  try {
    return stacks.ofThread(tid)
  } catch {
    return []
  }
}
