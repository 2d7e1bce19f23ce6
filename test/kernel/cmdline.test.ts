import { closeSync, openSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PermissionError } from '../../src/errors.js'
import { mmCmdline, mmEnviron } from '../../src/kernel/cmdline.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { openLive } from '../../src/live/open_live.js'
import { agreeing, Disagreements } from '../support/agree.js'
import { describeLive } from '../support/live.js'
import { processes, procText } from '../support/proc.js'
import { compile, Running } from '../support/program.js'

/** NUL-terminated strings. */
function strings(text: string): string[] {
  if (text === '') return []
  return text.replace(/\0$/, '').split('\0')
}

/** Tells whether /proc says that the process may not be traced; nothing of it is read. */
function isRefused(pid: number): boolean {
  try {
    closeSync(openSync(`/proc/${pid}/mem`, 'r'))
    return false
  } catch (error) {
    return ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code!)
  }
}

/** What kernel memory and /proc/PID/cmdline do not agree on. */
function compareCmdline(kernel: Kernel, pid: number): string[] {
  const before = procText(`${pid}/cmdline`)
  const task = kernel.findTask(pid)
  if (task === undefined) return []
  const seen = mmCmdline(kernel, task)
  const after = procText(`${pid}/cmdline`)
  if (before === undefined || after === undefined) return []
  const all = new Disagreements(`process ${pid}`)
  all.same('cmdline', seen, strings(before), strings(after))
  return all.found
}

describeLive('arguments against /proc', () => {
  test('of every process that may be traced', async () => {
    using kernel = openLive()
    const found: string[] = []
    for (const pid of processes()) {
      if (isRefused(pid)) {
        const task = kernel.findTask(pid)
        if (task?.mm) expect(() => mmCmdline(kernel, task)).toThrow(PermissionError)
      } else {
        found.push(...(await agreeing(5, () => compareCmdline(kernel, pid))))
      }
    }
    expect(found).toEqual([])
  })

  test.each([
    ['keep'],
    ['keep', '', 'an argument', '', 'é\n\\', ''],
    ['keep', ...Array.from({ length: 50 }, (_, i) => String(i).repeat(2000))],
    ['short', 'x'.repeat(100)],
    ['title', 'x'.repeat(100)],
    ['title', 'x'.repeat(10_000)],
    ['endless', 'x'.repeat(100)],
    ['endless', 'x'.repeat(3000)],
    ['hole', ...Array.from({ length: 50 }, (_, i) => String(i).repeat(2000))],
  ])('of a program in the mode %s', async (...args) => {
    using kernel = openLive()
    const env = { A_VARIABLE: 'a value', ANOTHER: 'y'.repeat(2000) }
    await using running = await Running.start(compile('arguments'), args, { env })
    expect(procText(`${running.pid}/cmdline`)).not.toBe('')
    expect(compareCmdline(kernel, running.pid)).toEqual([])
  })

  test('the environment', async () => {
    using kernel = openLive()
    const env = { A_VARIABLE: 'a value', EMPTY: '', LONG: 'é'.repeat(20_000) }
    await using running = await Running.start(compile('arguments'), ['keep'], { env })
    const task = kernel.findTask(running.pid)!
    expect(mmEnviron(kernel, task)).toEqual([
      'A_VARIABLE=a value',
      'EMPTY=',
      `LONG=${'é'.repeat(20_000)}`,
    ])
    expect(mmEnviron(kernel, task)).toEqual(strings(procText(`${running.pid}/environ`)!))
  })

  test('a process that has ended, and a kernel thread', async () => {
    using kernel = openLive()
    const running = await Running.start(compile('arguments'), ['keep'])
    const task = kernel.findTask(running.pid)!
    expect(mmCmdline(kernel, task)).toHaveLength(2)
    await running[Symbol.asyncDispose]()
    expect(mmCmdline(kernel, task)).toEqual([])
    expect(mmCmdline(kernel, kernel.findTask(2)!)).toEqual([])
  })
})
