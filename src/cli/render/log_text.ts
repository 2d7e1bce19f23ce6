import { LOG_FACILITIES, LOG_LEVELS, type LogRecord } from '../../kernel/log_record.js'
import { printableLog } from './log_bytes.js'
import { ctime, deltaTime, isoTime, type LogTime, rawTime } from './log_time.js'
import { PLAIN_STYLE, type Style } from './style.js'

export interface LogFormat {
  readonly time: LogTime
  /** Whether facility and level are named. */
  readonly decode: boolean
  /** When the clock of the log was at 0, in nanoseconds since 1970; asked only where it is needed. */
  readonly startedAt: () => bigint
  readonly style?: Style
}

/** Makes the lines of one message after the other, as dmesg prints them. */
export function logPrinter(format: LogFormat): (record: LogRecord) => string {
  const { style = PLAIN_STYLE } = format
  let before = 0n
  return (record) => {
    // Of an empty message dmesg shows nothing else, and does not remember when it was.
    if (record.bytes.length === 0) return '\n'
    const names = format.decode ? decoded(record) : ''
    const time = timePrefix(record.timestamp, before, format)
    before = record.timestamp
    const indent = `\n${' '.repeat(names.length + time.length)}`
    // A new line that ends the message is followed by nothing.
    const text = printableLog(record).replace(/\n(?!$)/g, indent)
    return `${names}${style.green(time)}${painted(text, record.level, style)}\n`
  }
}

function decoded({ facility, level }: LogRecord): string {
  const name = LOG_FACILITIES[facility]
  return name === undefined ? '' : `${name.padEnd(6)}:${LOG_LEVELS[level]!.padEnd(6)}: `
}

function timePrefix(timestamp: bigint, before: bigint, { time, startedAt }: LogFormat): string {
  switch (time) {
    case 'raw':
      return `[${rawTime(timestamp)}] `
    case 'ctime':
      return `[${ctime(startedAt() + timestamp)}] `
    case 'iso':
      return `${isoTime(startedAt() + timestamp)} `
    case 'delta':
      return `[${deltaTime(before, timestamp)}] `
    case 'notime':
      return ''
  }
}

const ERR = 3
const WARN = 4

function painted(text: string, level: number, style: Style): string {
  if (level < ERR) return style.bold(style.red(text))
  if (level === ERR) return style.red(text)
  return level === WARN ? style.bold(text) : text
}
