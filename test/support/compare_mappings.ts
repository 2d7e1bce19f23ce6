import type { Kernel } from '../../src/kernel/kernel.js'
import { taskMm } from '../../src/kernel/mm.js'
import { taskMem } from '../../src/kernel/task_mem.js'
import { listVmas } from '../../src/kernel/vma_summary.js'
import { Disagreements } from './agree.js'
import { mapsLine, mapsLines } from './maps.js'
import { procStatus, procText } from './proc.js'

/** The lines of /proc/PID/maps, without that of the kernel's own page. */
export function maps(pid: number): string[] | undefined {
  const text = procText(`${pid}/maps`)
  if (text === undefined) return undefined
  return mapsLines(text).filter((line) => !line.endsWith(' [vsyscall]'))
}

/**
 * What kernel memory and /proc/PID/maps do not agree on. Only what /proc itself shows otherwise
 * before and after may differ.
 */
export function compareMaps(kernel: Kernel, pid: number): string[] {
  const before = maps(pid)
  const task = kernel.findTask(pid)
  const mm = task && taskMm(task)
  const seen = mm ? listVmas(kernel, mm, kernel.current.fs.root).map(mapsLine) : []
  const after = maps(pid)
  if (before === undefined || after === undefined) return []
  const [was, is, saw] = [new Set(before), new Set(after), new Set(seen)]
  const moved = [...before, ...after].filter((line) => !was.has(line) || !is.has(line))
  const strange = seen.filter((line) => !was.has(line) && !is.has(line))
  const missing = after.filter((line) => was.has(line) && !saw.has(line))
  return [
    ...strange
      .filter((line) => !moved.some((other) => overlap(other, line)))
      .map((line) => `${pid} has no ${line}`),
    ...missing.map((line) => `${pid} lacks ${line}`),
  ]
}

function overlap(a: string, b: string): boolean {
  const [one, other] = [a, b].map((line) => {
    return line.split(/[- ]/, 2).map((address) => BigInt(`0x${address}`))
  })
  return one![0]! < other![1]! && other![0]! < one![1]!
}

/** What kernel memory and the sizes of /proc/PID/status do not agree on. */
export function compareSizes(kernel: Kernel, pid: number): string[] {
  const before = procStatus(pid)
  kernel.drop()
  const task = kernel.findTask(pid)
  const mm = task && taskMm(task)
  if (!mm) return []
  const mem = taskMem(kernel, mm)
  const after = procStatus(pid)
  if (before === undefined || after === undefined) return []
  const all = new Disagreements(`process ${pid}`)
  const sizes = {
    VmPeak: mem.peak,
    VmSize: mem.size,
    VmLck: mem.locked,
    VmPin: mem.pinned,
    VmHWM: mem.residentPeak,
    VmRSS: mem.resident,
    RssAnon: mem.anonymous,
    RssFile: mem.file,
    RssShmem: mem.shmem,
    VmData: mem.data,
    VmStk: mem.stack,
    VmExe: mem.text,
    VmLib: mem.library,
    VmPTE: mem.pageTables,
    VmSwap: mem.swap,
    ...(mem.hugetlb === undefined ? {} : { HugetlbPages: mem.hugetlb }),
  }
  for (const [name, size] of Object.entries(sizes)) {
    const kilobytes = `${size >> 10n} kB`
    all.same(name, kilobytes, before.get(name), after.get(name))
  }
  return all.found
}
