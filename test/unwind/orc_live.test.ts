import { expect, test } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.js'
import { openLive } from '../../src/live/open_live.js'
import { kernelStack } from '../../src/unwind/kernel_stack.js'
import { failure, json } from '../cli/ksight.js'
import { describeLive } from '../support/live.js'
import { procText, threads } from '../support/proc.js'
import { compile, Running } from '../support/program.js'
import { asProcStack } from './proc_stack.js'

/** Undefined if the thread is gone. */
function procStack(tgid: number, tid: number): string[] | undefined {
  const text = procText(`${tgid}/task/${tid}/stack`)
  return text
    ?.split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace('[<0>] ', ''))
}

interface Compared {
  readonly tid: number
  readonly told: readonly string[]
  readonly found: readonly string[]
}

/** A thread may have run between two looks that show the same: it is looked at again if they differ. */
function compare(kernel: Kernel, tgid: number, tid: number): Compared | undefined {
  let compared = compareOnce(kernel, tgid, tid)
  for (let tries = 3; tries > 0 && `${compared?.told}` !== `${compared?.found}`; tries--) {
    compared = compareOnce(kernel, tgid, tid)
  }
  return compared
}

/** Of a thread whose stack /proc shows to be the same before and after it is looked at. */
function compareOnce(kernel: Kernel, tgid: number, tid: number): Compared | undefined {
  const before = procStack(tgid, tid)
  kernel.drop()
  const task = kernel.findTask(tid)
  if (before === undefined || task === undefined) return undefined
  const stack = kernelStack(kernel, task)
  const found = stack.end.reason === 'running' ? undefined : asProcStack(kernel, stack)
  const same = `${before}` === `${procStack(tgid, tid)}`
  return same && found !== undefined ? { tid, told: before, found } : undefined
}

describeLive('kernel stacks of the running kernel', () => {
  test('are those of /proc, of every thread that sleeps', async () => {
    using kernel = openLive()
    await using _many = await Running.start(compile('threads'), ['100', '0', '1'])
    const all = threads()
    const compared = all.flatMap(([tgid, tid]) => compare(kernel, tgid, tid) ?? [])
    expect(compared.length).toBeGreaterThan(0.9 * all.length)
    expect(compared.filter(({ told }) => told.length > 3).length).toBeGreaterThan(100)
    expect(compared.filter(({ told, found }) => `${told}` !== `${found}`)).toEqual([])
  })

  test('end with the registers of user space that /proc shows', async () => {
    using kernel = openLive()
    await using sleeper = await Running.start(compile('threads'), ['1', '0', '1'])
    const [, , , , , , , sp, pc] = procText(`${sleeper.pid}/syscall`)!.trim().split(' ')
    const { end, frames, userRegisters } = kernelStack(kernel, kernel.findTask(sleeper.pid)!)
    expect(end).toEqual({ reason: 'user mode', message: '' })
    expect(frames.every(({ reliable, stack }) => reliable && stack === 'TASK')).toBe(true)
    expect([userRegisters!.get('sp'), userRegisters!.get('ip')]).toEqual([BigInt(sp!), BigInt(pc!)])
  })

  test('of a thread that runs are not known', async () => {
    using kernel = openLive()
    const { frames, end } = kernelStack(kernel, kernel.current)
    expect(frames).toEqual([])
    expect(end.reason).toBe('running')
  })

  test('ksight bt shows that of a task, and nothing of CPUs that go on running', async () => {
    await using sleeper = await Running.start(compile('threads'), ['1', '0', '1'])
    const [shown] = json<{ pid: number; frames: { function: string }[] }[]>('bt', `${sleeper.pid}`)
    expect(shown!.pid).toBe(sleeper.pid)
    const functions = shown!.frames.map((frame) => frame.function)
    expect(functions.slice(-procStack(sleeper.pid, sleeper.pid)!.length)).toEqual(
      procStack(sleeper.pid, sleeper.pid),
    )
    expect(failure(['bt'], 1)).toContain('what each CPU is doing')
    expect(failure(['bt', '4194304'], 1)).toContain('no task 4194304')
  })
})
