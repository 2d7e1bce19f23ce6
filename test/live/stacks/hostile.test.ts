import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Kernel } from '../../../src/kernel/kernel.js'
import { LiveStacks, openLive } from '../../../src/live/open_live.js'
import { compileProgram, temporaryFolder } from '../../support/compile.js'
import { describeLive } from '../../support/live.js'
import { procNumbers, procText } from '../../support/proc.js'
import { Running } from '../../support/program.js'
import { hasTools } from '../../support/tools.js'
import { gdbStacks } from '../../unwind/gdb.js'
import { functionsOf } from './oracles.js'

let kernel: Kernel
let stacks: LiveStacks

describeLive('stacks of processes that make it hard', () => {
  beforeAll(() => {
    kernel = openLive()
    stacks = new LiveStacks(kernel)
  })
  afterAll(() => {
    stacks[Symbol.dispose]()
    kernel[Symbol.dispose]()
  })

  test('a program that was deleted', async () => {
    const program = compileProgram('stacks', '-pthread')
    await using process = await Running.start(program, ['recursion'])
    rmSync(program)
    expect(await functions(process.pid)).toMatch(/wait_here( recurse)+/)
  })

  test('a program in whose place there is another one', async () => {
    const program = compileProgram('stacks', '-fomit-frame-pointer', '-pthread')
    await using process = await Running.start(program, ['recursion'])
    rmSync(program)
    copyFileSync('/bin/true', program)
    expect(await functions(process.pid)).toMatch(/wait_here( recurse){101}/)
  })

  test('a program in another mount namespace, at a path that means something else here', async () => {
    const program = compileProgram('stacks', '-fomit-frame-pointer', '-pthread')
    const folder = temporaryFolder()
    copyFileSync('/bin/true', join(folder, 'stacks'))
    const script = 'mount -t tmpfs none "$1" && cp "$2" "$1/stacks" && exec "$1/stacks" recursion'
    const args = ['-m', 'sh', '-c', script, 'sh', folder, program]
    await using process = await Running.start('unshare', args)
    expect(await functions(process.pid)).toMatch(/wait_here( recurse){101}/)
  })

  test.each([
    '0x10',
    '0x7fffffffe000',
    '0x8000000000000000',
    '0xffffffff81000000',
    '0xffffffffffffffff',
  ])('a stack pointer of %s', async (address) => {
    await using process = await Running.start(compileProgram('lost_stack'), [address])
    await sleep(100)
    const [stack] = stacks.ofProcess(process.pid)
    expect(stack!.syscall?.name).toBe('pause')
    expect(functionsOf(stack!)).toBe('main')
    expect(stack!.userEnd?.reason).toBe('lost')
    expect(stack!.userEnd?.message).toMatch(
      /^cannot tell what called 0x[0-9a-f]+: .*cannot read memory/,
    )
  })

  test('threads that end all the time: each has a stack or a reason', async () => {
    await using process = await Running.start(compileProgram('brief_threads', '-pthread'))
    let seen = 0
    for (let i = 0; i < 100; i++) {
      for (const stack of stacks.ofProcess(process.pid)) {
        seen++
        expect(stack.kernel.length + stack.user.length > 0 || stack.problem !== undefined).toBe(
          true,
        )
      }
    }
    expect(seen).toBeGreaterThanOrEqual(500)
  })

  test('threads that switch all the time: no stack is a mixture', async () => {
    const program = compileProgram('switching', '-fomit-frame-pointer', '-pthread')
    await using process = await Running.start(program, ['4'])
    let whole = 0
    for (let i = 0; i < 100; i++) {
      for (const stack of stacks.ofProcess(process.pid)) {
        if (stack.tid === process.pid) continue
        if (stack.user.length === 0) {
          expect(stack.problem).toMatch(/ran each time|runs on CPU/)
          continue
        }
        // It has not run yet.
        if (/^\S*clone3?$/.test(functionsOf(stack))) continue
        whole++
        expect(functionsOf(stack)).toMatch(
          /^(\S+ )?((wait_one )?one |(wait_two )?two )?worker start_thread \S+$/,
        )
        expect(stack.userEnd?.reason).toBe('outermost')
      }
    }
    expect(whole).toBeGreaterThan(50)
  })

  test('a thread that never waits is told of', async () => {
    await using process = await Running.start(compileProgram('spin'))
    const [stack] = stacks.ofProcess(process.pid)
    expect(stack!.tid).toBe(process.pid)
    expect(
      stack!.user.length > 0 ||
        /^it ran/.test(stack!.problem ?? '') ||
        /^it runs on CPU \d+/.test(stack!.problem ?? ''),
    ).toBe(true)
  })

  // Whoever is stopped gives up its CPU by itself, as it never does otherwise.
  test.skipIf(!hasTools('gdb'))('nobody is stopped (as gdb stops)', async () => {
    await using process = await Running.start(compileProgram('spin'))
    await sleep(50)
    const before = switches(process.pid)
    for (let i = 0; i < 50; i++) stacks.ofProcess(process.pid)
    expect(switches(process.pid)).toBe(before)
    gdbStacks(process.pid)
    expect(switches(process.pid)).toBeGreaterThan(before)
  })

  test('kernel threads have one stack, and every thread of the machine is told of', () => {
    const [kthreadd] = stacks.ofProcess(2)
    expect(kthreadd).toMatchObject({ comm: 'kthreadd', kernelThread: true, user: [] })
    expect(kthreadd!.kernel.map((frame) => frame.function)).toContain('kthreadd')
    for (const tgid of procNumbers('').slice(0, 50)) {
      const tids = procNumbers(`${tgid}/task`)
      const ours = takenOrNone(tgid)
      if (procNumbers(`${tgid}/task`).join() !== tids.join()) continue
      expect(ours.map(({ tid }) => tid)).toEqual(tids.sort((a, b) => a - b))
    }
  })
})

async function functions(pid: number): Promise<string> {
  await sleep(100)
  const [stack] = stacks.ofProcess(pid)
  expect(stack!.userEnd?.reason).toBe('outermost')
  return functionsOf(stack!)
}

/** How often a process gave up its CPU by itself. */
function switches(pid: number): number {
  return Number(/^voluntary_ctxt_switches:\t(\d+)/m.exec(procText(`${pid}/status`)!)?.[1])
}

function takenOrNone(pid: number) {
  try {
    return stacks.ofProcess(pid)
  } catch {
    return []
  }
}
