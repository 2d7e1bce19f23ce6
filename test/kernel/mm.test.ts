import { expect, test } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.js'
import { getMmCounter, getMmCounterSum, getMmRss, taskMm } from '../../src/kernel/mm.js'
import { openLive } from '../../src/live/open_live.js'
import { agreeing, Disagreements } from '../support/agree.js'
import { describeLive } from '../support/live.js'
import { numbers, processes, procStatus, procText } from '../support/proc.js'
import { compile, Running } from '../support/program.js'

const KB_PER_PAGE = 4

/** What kernel memory and /proc/PID/statm do not agree on. */
function compareStatm(kernel: Kernel, pid: number): string[] {
  const before = procText(`${pid}/statm`)
  const task = kernel.findTask(pid)
  if (task === undefined) return []
  const mm = taskMm(task)
  const size = mm === null ? 0n : mm.total_vm
  const shared =
    mm === null
      ? 0n
      : getMmCounterSum(kernel, mm, 'MM_FILEPAGES') + getMmCounterSum(kernel, mm, 'MM_SHMEMPAGES')
  const resident = mm === null ? 0n : getMmRss(kernel, mm)
  const after = procText(`${pid}/statm`)
  if (before === undefined || after === undefined) return []
  const all = new Disagreements(`process ${pid}`)
  ;[size, resident, shared].forEach((seen, i) => {
    const [least, most] = [numbers(before)[i]!, numbers(after)[i]!].sort((a, b) => a - b)
    all.between(`field ${i} of statm`, seen, least!, most!)
  })
  return all.found
}

describeLive('address spaces against /proc', () => {
  test('the sizes of every process', async () => {
    using kernel = openLive()
    const found: string[] = []
    for (const pid of processes()) {
      found.push(...(await agreeing(20, () => compareStatm(kernel, pid))))
    }
    expect(found).toEqual([])
  })

  test('pages of each kind', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('pages'), ['1000', '300', process.execPath])
    expect(compareStatm(kernel, running.pid)).toEqual([])
    const mm = taskMm(kernel.findTask(running.pid)!)!
    const status = procStatus(running.pid)!
    const kb = (name: string) => Number.parseInt(status.get(name)!, 10)
    const sum = (counter: Parameters<typeof getMmCounterSum>[2]) => {
      return Number(getMmCounterSum(kernel, mm, counter)) * KB_PER_PAGE
    }
    expect(sum('MM_ANONPAGES')).toBe(kb('RssAnon'))
    expect(sum('MM_SHMEMPAGES')).toBe(kb('RssShmem'))
    expect(sum('MM_FILEPAGES')).toBe(kb('RssFile'))
    expect(sum('MM_SWAPENTS')).toBe(kb('VmSwap'))
    expect(kb('RssAnon')).toBeGreaterThan(1000 * KB_PER_PAGE)
    // More, if the program itself is on a tmpfs.
    expect(kb('RssShmem')).toBeGreaterThanOrEqual(300 * KB_PER_PAGE)
    // The quick count may lack what each CPU has not handed in yet.
    const quick = Number(getMmCounter(mm, 'MM_ANONPAGES')) * KB_PER_PAGE
    expect(Math.abs(quick - kb('RssAnon'))).toBeLessThan(kernel.cpus.length * 64 * KB_PER_PAGE)
    expect(Number(mm.total_vm) * KB_PER_PAGE).toBe(kb('VmSize'))
    const maps = procText(`${running.pid}/maps`)!.trimEnd().split('\n')
    expect(mm.map_count).toBe(maps.filter((line) => !line.endsWith('[vsyscall]')).length)
  })

  test('a kernel thread has none', () => {
    using kernel = openLive()
    expect(taskMm(kernel.findTask(2)!)).toBeNull()
  })
})
