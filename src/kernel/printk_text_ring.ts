import { FaultError, InconsistentError } from '../errors.js'
import type { Range } from '../memory/memory.js'
import type { UntypedView } from '../object/kernel_types.js'
import { damagedLog } from './log_record.js'

/** log_buf_len= takes no more than LOG_BUF_LEN_MAX, 2 GiB. */
const MAX_SIZE_BITS = 31

/** Where a message lies, by logical positions: `struct prb_data_blk_lpos`. */
export interface TextBlock {
  readonly begin: bigint | number
  readonly next: bigint | number
}

/** Both positions of a message without a block are odd: FAILED_LPOS, or this (once NO_LPOS). */
const EMPTY_LINE_LPOS = 3n

const EMPTY = new Uint8Array()

/**
 * `struct prb_data_ring`: blocks of text, each behind the id of its descriptor. A logical position
 * counts on where the index starts at 0 again, so that it tells how often the ring was filled.
 */
export class TextRing {
  private readonly data: bigint
  private readonly sizeBits: bigint
  private readonly size: bigint
  private readonly idSize: bigint

  constructor(private readonly ring: UntypedView) {
    const bits = ring.size_bits
    if (!(bits >= 4 && bits <= MAX_SIZE_BITS)) throw damagedLog(`its text has 2^${bits} bytes`)
    this.sizeBits = BigInt(bits)
    this.size = 1n << this.sizeBits
    this.data = ring.data?.$address ?? 0n
    this.idSize = BigInt(ring.$space.btf.pointerSize)
  }

  /** The text of each block, with what pads it at its end; or why there is none. */
  take(blocks: readonly TextBlock[]): (Uint8Array | Error)[] {
    const ranges = blocks.map((block) => this.rangeOf(BigInt(block.begin), BigInt(block.next)))
    const found = ranges.flatMap((range) => {
      return range === undefined || range instanceof Error ? [] : [range]
    })
    const read = this.ring.$space.memory.gather(found)[Symbol.iterator]()
    return ranges.map((range) => {
      if (range === undefined) return EMPTY
      if (range instanceof Error) return range
      const block: Uint8Array | FaultError = read.next().value!
      return block instanceof FaultError ? block : block.subarray(Number(this.idSize))
    })
  }

  /** The bytes of a block, its id included; undefined if the message is empty. */
  private rangeOf(begin: bigint, next: bigint): Range | InconsistentError | undefined {
    if ((begin & next & 1n) === 1n) {
      if (begin === EMPTY_LINE_LPOS && next === EMPTY_LINE_LPOS) return undefined
      return new InconsistentError('a message is missing', 'the kernel had no room for its text')
    }
    // A block that would reach beyond the end of the ring lies at its start instead, as a whole.
    const isWrapped = this.fillOf(begin) !== this.fillOf(next) && this.indexOf(next) !== 0n
    const start = isWrapped ? next - this.indexOf(next) : begin
    const length = next - start
    const isAligned = (begin | next) % this.idSize === 0n
    if (isAligned && length > this.idSize && length <= this.size) {
      return { address: this.data + this.indexOf(start), length: Number(length) }
    }
    return new InconsistentError('a message is missing', 'its place in the log makes no sense')
  }

  private indexOf(position: bigint): bigint {
    return position & (this.size - 1n)
  }

  /** How often the ring had been filled. */
  private fillOf(position: bigint): bigint {
    return position >> this.sizeBits
  }
}
