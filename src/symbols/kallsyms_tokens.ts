import { EMPTY_HASH, hashByte } from '../bytes/name_index.js'
import { FormatError } from '../errors.js'

/** How many tokens there are: one for each value of a byte. */
export const TOKEN_COUNT = 256

/** KSYM_NAME_LEN without the NUL (127 before Linux 6.1); the kernel cuts what is longer. */
const LONGEST_NAME = 511

/**
 * `kallsyms_token_table` and `kallsyms_token_index`: the string that each byte of a compressed name
 * stands for. The letter of the symbol's type is compressed as if it were the first of the name.
 */
export class KallsymsTokens {
  private readonly texts: readonly string[]
  private readonly starts = new Uint16Array(TOKEN_COUNT)
  private readonly ends = new Uint32Array(TOKEN_COUNT)

  /** `table` is what lies between the two tables, `index` has 256 16-bit offsets into it. */
  constructor(
    private readonly table: Uint8Array,
    index: Uint8Array,
    littleEndian: boolean,
    source: string,
  ) {
    const offsets = new DataView(index.buffer, index.byteOffset, index.byteLength)
    let next = 0
    this.texts = Array.from({ length: TOKEN_COUNT }, (_, token) => {
      const start = offsets.getUint16(2 * token, littleEndian)
      const end = table.indexOf(0, start)
      if (start !== next || end === -1 || end - start > LONGEST_NAME + 1) {
        throw new FormatError(
          `kallsyms_token_index of ${source}`,
          2 * token,
          'it names one string after the other',
        )
      }
      next = end + 1
      this.starts[token] = start
      this.ends[token] = end
      return String.fromCharCode(...table.subarray(start, end))
    })
  }

  /** The name that these bytes stand for, one character for each of its bytes. */
  nameOf(codes: Uint8Array, start: number, end: number): string {
    let text = ''
    for (let at = start; at < end && text.length <= LONGEST_NAME; at++) {
      text += this.texts[codes[at]!]!
    }
    return text.slice(1, 1 + LONGEST_NAME)
  }

  /** The letter of the symbol's type. */
  typeOf(first: number): string {
    return this.texts[first]!.charAt(0) || '?'
  }

  /** `hashName` of the name, which is not made for it. */
  hashOf(codes: Uint8Array, start: number, end: number): number {
    const { table, starts, ends } = this
    let hash = EMPTY_HASH
    let length = -1
    for (let at = start; at < end; at++) {
      const token = codes[at]!
      for (let i = starts[token]!; i < ends[token]!; i++) {
        if (length >= 0) hash = hashByte(hash, table[i]!)
        if (++length === LONGEST_NAME) return hash >>> 0
      }
    }
    return hash >>> 0
  }
}
