import { FaultError, InconsistentError } from '../errors.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { ObjectSpace } from '../object/space.js'
import { damagedLog, type LogRecord, logCaller, logText, type OnLost } from './log_record.js'
import { type TextBlock, TextRing } from './printk_text_ring.js'

/** `enum desc_state`; a descriptor that is reserved or reusable has no message. */
const DESC_COMMITTED = 1n
const DESC_FINALIZED = 2n

/** LOG_BUF_LEN_MAX is 2 GiB, with a descriptor for every 32 bytes of it (PRB_AVGBITS). */
const MAX_COUNT_BITS = 31 - 5

/** Messages that are read at a time. */
const BATCH = 256

/** So many descriptors in a row without a message are no ring of a kernel's. */
const MAX_MISSING = 1 << 16

/** How often a message is read again because it changed meanwhile. */
const MAX_RETRIES = 5

/** What was read of a message, but for its text. */
interface Found {
  readonly id: bigint
  /** Its state and its id. */
  readonly stateVar: bigint
  readonly info: UntypedView
  readonly block: TextBlock
}

/**
 * `struct printk_ringbuffer` (kernel/printk/printk_ringbuffer.c, Linux 5.10): a ring of descriptors,
 * a ring of as many `struct printk_info`, and a ring of text. A descriptor's `state_var` is its id
 * and, in the two highest bits, its state, which tells whether there is a whole message. It is looked
 * at again after the text was copied, as the kernel's `prb_read()` does.
 */
export class PrintkRingbuffer {
  private readonly space: ObjectSpace
  private readonly text: TextRing
  /** Of descriptors, a power of two. */
  private readonly count: bigint
  private readonly idBits: number

  /** The memory of `ring` must not remember what it read, for the log of a running kernel moves. */
  constructor(
    private readonly ring: UntypedView,
    private readonly onLost: OnLost,
  ) {
    this.space = ring.$space
    const bits = ring.desc_ring.count_bits
    if (!(bits >= 1 && bits <= MAX_COUNT_BITS)) throw damagedLog(`it has 2^${bits} descriptors`)
    this.count = 1n << BigInt(bits)
    this.idBits = this.space.btf.pointerSize * 8 - 2
    this.text = new TextRing(ring.text_data_ring)
  }

  *records(): Generator<LogRecord> {
    const { first, length } = this.extent()
    let missing = 0
    for (let done = 0; done < length; done += BATCH) {
      const ids = Array.from({ length: Math.min(BATCH, length - done) }, (_, i) => {
        return this.idOf(first + BigInt(done + i))
      })
      missing += ids.length
      for (const record of this.read(ids, MAX_RETRIES)) {
        missing = 0
        yield record
      }
      if (missing > MAX_MISSING) throw damagedLog(`${missing} messages in a row are missing`)
    }
  }

  /** The ids from `tail_id` to `head_id`, which is that of the newest descriptor. */
  private extent(): { first: bigint; length: number } {
    const { head_id: head, tail_id: tail } = this.ring.desc_ring
    const first = this.idOf(BigInt(tail.counter))
    const length = this.idOf(BigInt(head.counter) - first) + 1n
    if (length <= this.count) return { first, length: Number(length) }
    throw damagedLog(`it says that it holds ${length} messages, and has room for ${this.count}`)
  }

  private *read(ids: readonly bigint[], retries: number): Generator<LogRecord> {
    const found = this.withMessage(ids)
    const texts = this.text.take(found.map(({ block }) => block))
    const after = this.elements(
      'prb_desc',
      'descs',
      found.map(({ id }) => id),
    )
    for (const [i, { id, stateVar, info }] of found.entries()) {
      const text = texts[i]!
      try {
        if (stateVarOf(after[i]!) !== stateVar) {
          if (retries > 0) yield* this.read([id], retries - 1)
          else this.onLost('it changed whenever it was read')
        } else if (text instanceof Error) this.lose(text)
        else yield recordOf(info, text, this.stateOf(stateVar) === DESC_COMMITTED)
      } catch (error) {
        this.lose(error)
      }
    }
  }

  private withMessage(ids: readonly bigint[]): Found[] {
    const descs = this.elements('prb_desc', 'descs', ids)
    const infos = this.elements('printk_info', 'infos', ids)
    return ids.flatMap((id, i) => {
      const [desc, info] = [descs[i]!, infos[i]!]
      try {
        const stateVar = stateVarOf(desc)
        const state = this.stateOf(stateVar)
        const isWritten = state === DESC_COMMITTED || state === DESC_FINALIZED
        if (!isWritten || this.idOf(stateVar) !== id) return []
        const { begin, next } = desc.text_blk_lpos
        const block = { begin: BigInt(begin), next: BigInt(next), length: info.text_len }
        return [{ id, stateVar, info, block }]
      } catch (error) {
        this.lose(error)
        return []
      }
    })
  }

  /** An element of one of the two rings that ids belong to, for each of them. */
  private elements(
    type: 'prb_desc' | 'printk_info',
    ring: 'descs' | 'infos',
    ids: readonly bigint[],
  ): UntypedView[] {
    const start = this.ring.desc_ring[ring]?.$address ?? 0n
    const size = BigInt(this.space.struct(type).type.size)
    const addresses = ids.map((id) => start + (id & (this.count - 1n)) * size)
    return this.space.manyAt(type, addresses)
  }

  /** An id without the state above it. */
  private idOf(stateVar: bigint): bigint {
    return BigInt.asUintN(this.idBits, stateVar)
  }

  private stateOf(stateVar: bigint): bigint {
    return BigInt.asUintN(2, stateVar >> BigInt(this.idBits))
  }

  private lose(error: unknown): void {
    if (!(error instanceof FaultError || error instanceof InconsistentError)) throw error
    this.onLost(error.message)
  }
}

const stateVarOf = ({ state_var: { counter } }: UntypedView) => BigInt(counter)

function recordOf(info: UntypedView, bytes: Uint8Array, unfinished: boolean): LogRecord {
  const { subsystem, device } = info.dev_info
  return {
    seq: info.seq,
    timestamp: info.ts_nsec,
    level: info.level,
    facility: info.facility,
    caller: logCaller(info.caller_id),
    bytes,
    text: logText(bytes),
    subsystem: subsystem || undefined,
    device: device || undefined,
    unfinished,
  }
}
