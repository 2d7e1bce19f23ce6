import { expect, test } from 'vitest'
import { openLive } from '../../src/live/open_live.js'
import { kernelStack } from '../../src/unwind/kernel_stack.js'
import { failure, json } from '../cli/ksight.js'
import { describeLive } from '../support/live.js'
import { procText, threads } from '../support/proc.js'
import { compile, Running } from '../support/program.js'
import { compareWithProc, procStack } from './proc_stack.js'

describeLive('kernel stacks of the running kernel', () => {
  test('are those of /proc, of every thread that sleeps', async () => {
    using kernel = openLive()
    await using _many = await Running.start(compile('threads'), ['100', '0', '1'])
    const all = threads()
    const compared = all.flatMap(([tgid, tid]) => compareWithProc(kernel, tgid, tid) ?? [])
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
