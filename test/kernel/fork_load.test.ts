import { expect, test } from 'vitest'
import { nsecToClockT } from '../../src/kernel/cputime.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { taskColumns, taskRows, type Walk } from '../../src/kernel/tasks.js'
import { openLive } from '../../src/live/open_live.js'
import { describeLive } from '../support/live.js'
import { procStat, procText, threads } from '../support/proc.js'
import { compile, Running } from '../support/program.js'

/** A task's start time is taken before it is on any list: at most so long, on a busy machine. */
const LONGEST_FORK = 50

/** Threads by their ids, with the tick in which they were started. */
type Threads = ReadonlyMap<number, number>

function threadsOfProc(): Threads {
  const found = new Map<number, number>()
  for (const [tgid, tid] of threads()) {
    const stat = procStat(`${tgid}/task/${tid}`)
    if (stat !== undefined) found.set(tid, stat.int(22))
  }
  return found
}

/** Each task once; the memory and the id of a task that has ended may be another's soon. */
function threadsOfKernel(kernel: Kernel, walk: Walk): [tid: number, start: number][] {
  const columns = taskColumns(kernel, ['pid', 'start_boottime'])
  const rows = [...taskRows(kernel, columns, 'threads', walk)]
  const tasks = new Set(rows.map((row) => `${row.$address} ${row.start_boottime}`))
  expect(tasks.size).toBe(rows.length)
  return rows.map((row) => [row.pid as number, Number(nsecToClockT(row.start_boottime as bigint))])
}

/** Ticks since boot. */
function now(): number {
  return Math.floor(Number(procText('uptime')!.split(' ')[0]) * 100)
}

/** What a walk has missed or made up, given what /proc listed before and after. */
function unaccounted(
  seen: readonly [tid: number, start: number][],
  before: Threads,
  after: Threads,
  beginning: number,
): string[] {
  const starts = new Map(seen)
  const missed = [...before]
    .filter(([tid, start]) => after.get(tid) === start && starts.get(tid) !== start)
    .map(([tid]) => `missed ${tid}`)
  const strange = seen
    .filter(([tid, start]) => before.get(tid) !== start && start < beginning - LONGEST_FORK)
    .map(([tid, start]) => `made up ${tid}, started at ${start}`)
  return [...missed, ...strange]
}

describeLive('while processes and threads come and go', () => {
  test('every task is seen once, by iterator and by list', async () => {
    using kernel = openLive()
    await using _one = await Running.start(compile('forks'))
    await using _two = await Running.start(compile('forks'))
    await using still = await Running.start(compile('threads'), ['100', '0', '0'])
    const shortLived = { iterator: 0, list: 0 }
    for (let round = 0; round < 60; round++) {
      const beginning = now()
      const before = threadsOfProc()
      const iterator = threadsOfKernel(kernel, 'iterator')
      const list = threadsOfKernel(kernel, 'list')
      const after = threadsOfProc()
      expect(unaccounted(iterator, before, after, beginning)).toEqual([])
      expect(unaccounted(list, before, after, beginning)).toEqual([])
      const isNew = ([tid, start]: readonly [number, number]) => before.get(tid) !== start
      shortLived.iterator += iterator.filter(isNew).length
      shortLived.list += list.filter(isNew).length
    }
    // The load was there to be seen.
    expect(shortLived.iterator).toBeGreaterThan(20)
    expect(shortLived.list).toBeGreaterThan(20)
    expect([...kernel.forEachThread(kernel.findTask(still.pid)!)]).toHaveLength(101)
  })

  test('views and lookups of tasks that end are complete or missing', async () => {
    using kernel = openLive()
    await using load = await Running.start(compile('forks'))
    let seen = 0
    for (let round = 0; round < 30; round++) {
      for (const task of kernel.forEachProcessThread('list')) {
        expect(task.comm.length).toBeGreaterThan(0)
        expect(task.pid).toBeGreaterThan(0)
        const found = kernel.findTask(task.pid)
        if (found === undefined || found.$address !== task.$address) continue
        expect(found.pid).toBe(task.pid)
        seen++
      }
    }
    expect(seen).toBeGreaterThan(1000)
    expect(load.pid).toBeGreaterThan(0)
  })
})
