import type { Kernel } from '../../kernel/kernel.js'
import { LOG_FACILITIES, LOG_LEVELS, type LogRecord } from '../../kernel/log_record.js'
import { forEachLogRecord, logClearSeq } from '../../kernel/printk.js'
import { clockOffsets } from '../../kernel/time.js'
import { openKernel } from '../open.js'
import type { GlobalOptions } from '../options.js'
import { showMessage } from '../pointers.js'
import { present } from '../present.js'
import { rows } from '../render/json.js'
import { logPrinter } from '../render/log_text.js'
import type { LogTime } from '../render/log_time.js'
import { writeErr } from '../stdio.js'

export interface ShowLogOptions extends GlobalOptions {
  readonly time: LogTime
  readonly level?: ReadonlySet<number>
  /** How many of the last messages. */
  readonly tail?: number
  readonly decode?: true
  readonly all?: true
}

/** The kernel log. */
export async function log(options: ShowLogOptions): Promise<void> {
  using kernel = openKernel(options)
  const records = wantedRecords(kernel, options)
  const { time, decode = false } = options
  let real: bigint | undefined
  const startedAt = () => (real ??= clockOffsets(kernel).real)
  await present(
    {
      json: () => rows(records, asJson),
      text: ({ style }) => records.map(logPrinter({ time, decode, startedAt, style })).join(''),
    },
    options,
  )
}

function wantedRecords(kernel: Kernel, options: ShowLogOptions): LogRecord[] {
  const { level, tail, all } = options
  const from = all ? 0n : logClearSeq(kernel)
  const lost = new Map<string, number>()
  const onLost = (why: string) => lost.set(why, (lost.get(why) ?? 0) + 1)
  const records: LogRecord[] = []
  for (const record of forEachLogRecord(kernel, onLost)) {
    const isShown = all || (record.seq >= from && !record.unfinished)
    if (isShown && (level === undefined || level.has(record.level))) records.push(record)
  }
  for (const [why, count] of lost) {
    writeErr(`ksight: ${count} messages are missing: ${showMessage(why, options)}\n`)
  }
  return tail === undefined ? records : records.slice(Math.max(0, records.length - tail))
}

function asJson({ seq, timestamp, level, facility, caller, text, ...record }: LogRecord) {
  return {
    seq,
    timestamp,
    level: LOG_LEVELS[level]!,
    facility: LOG_FACILITIES[facility] ?? facility,
    caller: caller ?? null,
    text,
    subsystem: record.subsystem ?? null,
    device: record.device ?? null,
    unfinished: record.unfinished,
  }
}
