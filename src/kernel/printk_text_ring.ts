import { InconsistentError } from '../errors.js'
import type { Range } from '../memory/memory.js'
import type { UntypedView } from '../object/kernel_types.js'
import { damagedLog } from './log_record.js'

/** log_buf_len= takes no more than LOG_BUF_LEN_MAX, 2 GiB. */
const MAX_SIZE_BITS = 31

/** Where a message lies, by logical positions: `struct prb_data_blk_lpos`. */
export interface TextBlock {
  readonly begin: bigint
  readonly next: bigint
  /** Of the text, which something that pads the block may follow. */
  readonly length: number
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
  private readonly wordBits: number

  constructor(private readonly ring: UntypedView) {
    const bits = ring.size_bits
    if (!(bits >= 4 && bits <= MAX_SIZE_BITS)) throw damagedLog(`its text has 2^${bits} bytes`)
    this.sizeBits = BigInt(bits)
    this.size = 1n << this.sizeBits
    this.data = ring.data?.$address ?? 0n
    this.wordBits = ring.$space.btf.pointerSize * 8
  }

  /** The text of each block, or why there is none. */
  take(blocks: readonly TextBlock[]): (Uint8Array | Error)[] {
    const ranges = blocks.map((block) => this.rangeOf(block))
    const found = ranges.flatMap((range) => {
      return range === undefined || range instanceof Error ? [] : [range]
    })
    const read = this.ring.$space.memory.gather(found)[Symbol.iterator]()
    return ranges.map((range) => {
      if (range === undefined) return EMPTY
      return range instanceof Error ? range : read.next().value!
    })
  }

  /** The bytes of a text; undefined if it is empty. */
  private rangeOf({ begin, next, length }: TextBlock): Range | InconsistentError | undefined {
    if (length === 0) return undefined
    if ((begin & next & 1n) === 1n) {
      if (begin === EMPTY_LINE_LPOS && next === EMPTY_LINE_LPOS) return undefined
      return new InconsistentError('a message is missing', 'the kernel had no room for its text')
    }
    // A block that would reach beyond the end of the ring lies at its start instead, as a whole.
    const isWrapped = this.fillOf(begin) !== this.fillOf(next) && this.indexOf(next) !== 0n
    const start = isWrapped ? next - this.indexOf(next) : begin
    const idSize = this.wordBits / 8
    const blockLength = this.unsigned(next - start)
    const isPossible = blockLength > idSize && blockLength <= this.size
    if (!isPossible || this.unsigned(next - begin) >= 2n * this.size) {
      return new InconsistentError('a message is missing', 'its place in the log makes no sense')
    }
    const address = this.data + this.indexOf(start) + BigInt(idSize)
    return { address, length: Math.min(length, Number(blockLength) - idSize) }
  }

  /** Positions are of type `unsigned long`, and soon overflow: they start at minus the ring's size. */
  private unsigned(position: bigint): bigint {
    return BigInt.asUintN(this.wordBits, position)
  }

  private indexOf(position: bigint): bigint {
    return position & (this.size - 1n)
  }

  /** How often the ring had been filled. */
  private fillOf(position: bigint): bigint {
    return position >> this.sizeBits
  }
}
