import { KsightError } from '../errors.js'
import { death } from '../kernel/death.js'
import type { Kernel } from '../kernel/kernel.js'
import type { LogRecord } from '../kernel/log_record.js'
import { forEachLogRecord } from '../kernel/printk.js'
import { clockOffsets } from '../kernel/time.js'
import { utcTime } from './iso_time.js'
import type { ShownDeath } from './overview.js'
import { logPrinter } from './render/log_text.js'

/** So many of the last messages are shown. */
const LAST = 10

/** Why the kernel of an image died, and its last words; null if it did not. */
export function shownDeath(kernel: Kernel): ShownDeath | null {
  const { records, unknown: missing } = wholeLog(kernel)
  const died = death(kernel, records)
  if (died === undefined) return null
  const { panic, cause, timestamp, cpu, pid, comm, taints, callTrace, unknown } = died
  const startedAt = () => clockOffsets(kernel).real
  const print = logPrinter({ time: 'raw', decode: false, startedAt })
  return {
    panic: panic ?? null,
    cause: cause?.message ?? null,
    oops: cause?.oops ?? null,
    ip: cause?.ip ?? null,
    time: timestamp === undefined ? null : utcTime(startedAt() + timestamp),
    cpu: cpu ?? null,
    pid: pid ?? null,
    comm: comm ?? null,
    taint: taints ?? null,
    callTrace,
    unknown: [...unknown, ...missing],
    log: records.slice(-LAST).map((record) => print(record).trimEnd()),
  }
}

/** Even a kernel whose log is damaged may tell otherwise that it died. */
function wholeLog(kernel: Kernel): { records: LogRecord[]; unknown: string[] } {
  const records: LogRecord[] = []
  try {
    for (const record of forEachLogRecord(kernel)) records.push(record)
    return { records, unknown: [] }
  } catch (error) {
    if (!(error instanceof KsightError)) throw error
    return { records, unknown: [error.message] }
  }
}
