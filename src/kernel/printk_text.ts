import { readBytes } from '../memory/memory.js'
import type { ObjectSpace } from '../object/space.js'
import { damagedLog, type LogRecord, logText } from './log_record.js'

/** Where the log of Linux before 3.5 lies: the variables of these names. */
export interface PrintkText {
  /** What the pointer `log_buf` points to. */
  readonly log_buf: bigint
  /** A power of two. */
  readonly log_buf_len: number
  /** Counts all characters since boot. */
  readonly log_end: number
}

/** CONFIG_LOG_BUF_SHIFT was at most 21 then, and log_buf_len= rarely more. */
const MAX_LENGTH = 1 << 26

/** Such as `<6>[    1.234567] text`; the time only with CONFIG_PRINTK_TIME. */
const LINE = /^(?:<(\d+)>)?(?:\[ *(\d+)\.(\d{6})\] )?/

/** KERN_WARNING: of messages that say none. */
const DEFAULT_LEVEL = 4

/** The messages of Linux before 3.5: one buffer of text, of which the oldest line may lack its start. */
export function* printkTextRecords(space: ObjectSpace, log: PrintkText): Generator<LogRecord> {
  const { log_buf_len: length, log_end: end } = log
  const isPowerOfTwo = length > 0 && (length & (length - 1)) === 0
  if (!isPowerOfTwo || length > MAX_LENGTH) throw damagedLog(`it has ${length} bytes`)
  const buffer = readBytes(space.memory, log.log_buf, length)
  const start = end & (length - 1)
  const text = end < length ? buffer.subarray(0, end) : joined(buffer, start)
  let seq = 0n
  for (const line of linesOf(text)) yield recordOf(line, seq++)
}

/** The buffer from `start` on, and then what is before. */
function joined(buffer: Uint8Array, start: number): Uint8Array {
  const text = new Uint8Array(buffer.length)
  text.set(buffer.subarray(start))
  text.set(buffer.subarray(0, start), buffer.length - start)
  return text
}

const NEW_LINE = 0x0a

function* linesOf(text: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf(NEW_LINE, start)
    yield text.subarray(start, end === -1 ? text.length : end)
    start = end === -1 ? text.length : end + 1
  }
}

function recordOf(line: Uint8Array, seq: bigint): LogRecord {
  const [prefix, number, seconds = '0', microseconds = '0'] = LINE.exec(logText(line))!
  const priority = number === undefined ? DEFAULT_LEVEL : Number(number)
  // The prefix is ASCII: as many bytes as characters.
  const bytes = line.subarray(prefix.length)
  return {
    seq,
    timestamp: (BigInt(seconds) * 1_000_000n + BigInt(microseconds)) * 1000n,
    level: priority & 7,
    facility: priority >> 3,
    caller: undefined,
    bytes,
    text: logText(bytes),
    subsystem: undefined,
    device: undefined,
    unfinished: false,
  }
}
