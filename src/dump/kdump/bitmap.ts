import { HOST_LITTLE_ENDIAN } from '../../bytes/byte_order.js'
import type { ByteSource } from '../../bytes/byte_source.js'
import { FormatError } from '../../errors.js'

/** The bitmap is read in blocks of so many bytes: 128 MiB of memory with pages of 4 KiB. */
const BLOCK_SIZE = 4096
const BITS_PER_BLOCK = 8 * BLOCK_SIZE
/** 4 MiB; a walk through memory comes back to the same ones. */
const MAX_BLOCKS = 1024

/** A bit for each page of memory, in a file. Read where it is needed. */
export class Bitmap {
  private readonly blocks = new Map<number, Uint32Array>()
  /** How many bits are set below each block, as far as that was asked for. */
  private readonly ranks: number[] = [0]

  /** `count` bits from `offset` of the file on. */
  constructor(
    private readonly source: ByteSource,
    private readonly offset: number,
    readonly count: number,
  ) {}

  has(bit: number): boolean {
    if (bit >= this.count) return false
    const within = bit % BITS_PER_BLOCK
    return (
      ((this.block(Math.floor(bit / BITS_PER_BLOCK))[within >>> 5]! >>> (within & 31)) & 1) !== 0
    )
  }

  /** How many bits below this one are set. */
  rank(bit: number): number {
    const end = Math.min(bit, this.count)
    const block = Math.floor(end / BITS_PER_BLOCK)
    const within = end % BITS_PER_BLOCK
    const below = this.rankOfBlock(block)
    return within === 0 ? below : below + countBits(this.block(block), within)
  }

  private rankOfBlock(block: number): number {
    for (let i = this.ranks.length; i <= block; i++) {
      this.ranks.push(this.ranks[i - 1]! + countBits(this.read(i - 1), BITS_PER_BLOCK))
    }
    return this.ranks[block]!
  }

  /** Runs of set bits, in ascending order. */
  *runs(): Generator<{ start: number; end: number }> {
    let start = -1
    for (let block = 0; block * BITS_PER_BLOCK < this.count; block++) {
      const first = block * BITS_PER_BLOCK
      const words = this.read(block)
      for (let i = 0; i < words.length; i++) {
        const word = words[i]!
        // Most words are all zeros or all ones, and change nothing.
        if (word === (start === -1 ? 0 : 0xffffffff)) continue
        for (let j = 0; j < 32; j++) {
          const isSet = ((word >>> j) & 1) !== 0
          if (isSet === (start !== -1)) continue
          const bit = first + 32 * i + j
          if (isSet) start = bit
          else yield { start, end: bit }
          if (!isSet) start = -1
        }
      }
    }
    if (start !== -1) yield { start, end: this.count }
  }

  private block(index: number): Uint32Array {
    const known = this.blocks.get(index)
    if (known !== undefined) return known
    const words = this.read(index)
    if (this.blocks.size >= MAX_BLOCKS) {
      for (const oldest of this.blocks.keys()) {
        this.blocks.delete(oldest)
        break
      }
    }
    this.blocks.set(index, words)
    return words
  }

  /** Words of which bit i is bit i of the block; bits behind the end of the bitmap are not set. */
  private read(index: number): Uint32Array {
    const bits = Math.min(BITS_PER_BLOCK, this.count - index * BITS_PER_BLOCK)
    const length = Math.ceil(bits / 8)
    const bytes = new Uint8Array(BLOCK_SIZE)
    const at = this.offset + index * BLOCK_SIZE
    if (this.source.read(at, bytes.subarray(0, length)) < length) {
      throw new FormatError(
        this.source.name,
        at,
        'the bitmap of its pages ends behind the end of the file',
      )
    }
    if (bits % 8 !== 0) bytes[length - 1]! &= (1 << (bits % 8)) - 1
    return wordsOf(bytes)
  }
}

/** Little endian, whatever this machine is. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(bytes.buffer)
  if (!HOST_LITTLE_ENDIAN) {
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < words.length; i++) words[i] = view.getUint32(4 * i, true)
  }
  return words
}

/** How many of the first `bits` bits are set. */
function countBits(words: Uint32Array, bits: number): number {
  const whole = bits >>> 5
  let count = 0
  for (let i = 0; i < whole; i++) count += popcount(words[i]!)
  const rest = bits & 31
  return rest === 0 ? count : count + popcount(words[whole]! & ((1 << rest) - 1))
}

/** Set bits of a word, added up in pairs, nibbles, bytes. */
function popcount(word: number): number {
  let sum = word - ((word >>> 1) & 0x55555555)
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333)
  sum = (sum + (sum >>> 4)) & 0x0f0f0f0f
  return Math.imul(sum, 0x01010101) >>> 24
}
