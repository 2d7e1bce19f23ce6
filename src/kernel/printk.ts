import { UnsupportedError } from '../errors.js'
import { readBytes } from '../memory/memory.js'
import { ObjectSpace } from '../object/space.js'
import type { Kernel } from './kernel.js'
import type { LogRecord, OnLost } from './log_record.js'
import { printkLogRecords } from './printk_log.js'
import { PrintkRingbuffer } from './printk_ringbuffer.js'
import { printkTextRecords } from './printk_text.js'
import { variableAddress } from './variable.js'

/**
 * Every message that the kernel log still holds, the oldest first, those that `dmesg --clear` hides
 * included: see {@link logClearSeq}. A message that is there and cannot be shown is told to `onLost`.
 * Throws {@link UnsupportedError} and {@link InconsistentError} where there is no log to be shown.
 */
export function forEachLogRecord(kernel: Kernel, onLost: OnLost = () => {}): Generator<LogRecord> {
  const variables = new LogVariables(kernel)
  const { space } = variables
  const prb = variables.pointer('prb')
  if (prb !== undefined) {
    return new PrintkRingbuffer(space.at('printk_ringbuffer', prb), onLost).records()
  }
  const buffer = variables.pointer('log_buf')
  const length = variables.u32('log_buf_len')
  if (buffer === undefined || length === undefined) throw notFound(kernel)
  const first = variables.u32('log_first_idx')
  const next = variables.u32('log_next_idx')
  const end = variables.u32('log_end')
  const log = { log_buf: buffer, log_buf_len: length }
  if (first !== undefined && next !== undefined) {
    const seq = variables.u64('log_first_seq') ?? 0n
    const place = { ...log, log_first_idx: first, log_next_idx: next, log_first_seq: seq }
    return printkLogRecords(space, place, onLost)
  }
  if (end !== undefined) return printkTextRecords(space, { ...log, log_end: end })
  throw notFound(kernel)
}

/**
 * The `seq` of the first message that `dmesg` shows: `dmesg --clear` hides what is older. Where there
 * is a `struct latched_seq`, the variable `clear_seq` is one: a count of its changes, of which the
 * lowest bit says which of two values is the one to read. 0 where nothing tells.
 */
export function logClearSeq(kernel: Kernel): bigint {
  const variables = new LogVariables(kernel)
  const { space } = variables
  if (space.btf.find('latched_seq', 'struct') === undefined) return variables.u64('clear_seq') ?? 0n
  const address = variableAddress(kernel, 'clear_seq')
  if (address === undefined) return 0n
  const { latch, val } = space.at('latched_seq', address)
  return val[(latch.seqcount ?? latch).sequence & 1]
}

/** The variables that the log is found by; undefined where nothing tells where one is. */
class LogVariables {
  /** The log of a running kernel moves: nothing of it may be remembered. */
  readonly space: ObjectSpace

  constructor(private readonly kernel: Kernel) {
    this.space = new ObjectSpace(kernel.types, kernel.uncached)
  }

  pointer(name: string): bigint | undefined {
    if (this.space.btf.pointerSize === 8) return this.u64(name)
    const address = this.u32(name)
    return address === undefined ? undefined : BigInt(address)
  }

  u32(name: string): number | undefined {
    return this.data(name, 4)?.getUint32(0, this.space.btf.littleEndian)
  }

  u64(name: string): bigint | undefined {
    return this.data(name, 8)?.getBigUint64(0, this.space.btf.littleEndian)
  }

  private data(name: string, size: number): DataView | undefined {
    const address = variableAddress(this.kernel, name)
    if (address === undefined) return undefined
    return new DataView(readBytes(this.space.memory, address, size).buffer)
  }
}

function notFound(kernel: Kernel): UnsupportedError {
  return new UnsupportedError(
    'cannot find the kernel log',
    `neither VMCOREINFO nor the symbols of ${kernel.source} tell where prb or log_buf is`,
  )
}
