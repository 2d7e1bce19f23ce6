import { FaultError } from '../errors.js'
import { readBytes } from '../memory/memory.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { ObjectSpace } from '../object/space.js'
import { damagedLog, type LogRecord, logCaller, logText, type OnLost } from './log_record.js'

/** Where the log of Linux 3.5 to 5.9 lies: the variables of these names. */
export interface PrintkLog {
  /** What the pointer `log_buf` points to. */
  readonly log_buf: bigint
  readonly log_buf_len: number
  readonly log_first_idx: number
  readonly log_next_idx: number
  /** Of the first message. */
  readonly log_first_seq: bigint
}

/** The name of the struct since Linux 3.11 (62e32ac3505a), and before. */
const STRUCTS = ['printk_log', 'log']

/** LOG_ALIGN is that of a u64, or 4 where unaligned access is cheap. */
const LOG_ALIGN = 4

/**
 * The messages of Linux 3.5 (7ff9554bb578) to 5.9: in one buffer, one after the other, a `struct
 * printk_log`, its text, and a dictionary of `KEY=value` texts. One of length 0 says that the next is
 * at the start of the buffer.
 */
export function* printkLogRecords(
  space: ObjectSpace,
  log: PrintkLog,
  onLost: OnLost,
): Generator<LogRecord> {
  const name = STRUCTS.find((each) => space.has(each, 'ts_nsec')) ?? STRUCTS[0]!
  let { log_first_seq: seq, log_first_idx: index } = log
  let isWrapped = index < log.log_next_idx
  while (index !== log.log_next_idx) {
    const head = headerAt(space, name, log, index)
    if (head.len === 0) {
      if (isWrapped) throw damagedLog('its messages go round in circles')
      isWrapped = true
      index = 0
      continue
    }
    const isWhole = head.len >= head.$size + head.text_len + head.dict_len
    if (!isWhole || head.len % LOG_ALIGN !== 0) throw damagedLog('the length of a message is wrong')
    try {
      yield recordOf(head, seq)
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      onLost(error.message)
    }
    seq++
    index += head.len
  }
}

function headerAt(space: ObjectSpace, name: string, log: PrintkLog, index: number): UntypedView {
  if (index >= 0 && index < log.log_buf_len) return space.at(name, log.log_buf + BigInt(index))
  throw damagedLog(`a message is at ${index}, and the log has ${log.log_buf_len} bytes`)
}

function recordOf(head: UntypedView, seq: bigint): LogRecord {
  const { $address, $size, $space, text_len: textLength, dict_len: dictLength } = head
  const body = readBytes($space.memory, $address + BigInt($size), textLength + dictLength)
  const bytes = body.subarray(0, textLength)
  const dictionary = body.subarray(textLength)
  return {
    seq,
    timestamp: head.ts_nsec,
    level: head.level,
    facility: head.facility,
    caller: head.$has('caller_id') ? logCaller(head.caller_id) : undefined,
    bytes,
    text: logText(bytes),
    subsystem: entryOf(dictionary, 'SUBSYSTEM='),
    device: entryOf(dictionary, 'DEVICE='),
    unfinished: false,
  }
}

/** The value of one of the texts, which are separated by NUL. */
function entryOf(dictionary: Uint8Array, key: string): string | undefined {
  const entry = logText(dictionary)
    .split('\0')
    .find((text) => text.startsWith(key))
  return entry?.slice(key.length)
}
