import { EMPTY_HASH, hashByte } from '../bytes/name_index.js'
import { textOf } from '../bytes/text.js'
import { FormatError } from '../errors.js'

/** The kernel's limit is 512 (KSYM_NAME_LEN); without one, damage could make every name huge. */
const LONGEST_NAME = 4096

/** The string section: NUL-terminated names, found by their offset. */
export class StringTable {
  private decoded: string | undefined

  constructor(
    readonly bytes: Uint8Array,
    private readonly source: string,
    /** Where the section lies in its file, for messages. */
    private readonly fileOffset: number,
  ) {
    if (bytes.length > 0 && bytes[bytes.length - 1] !== 0) {
      throw new FormatError(
        source,
        fileOffset + bytes.length - 1,
        'the string section ends with NUL',
      )
    }
  }

  get length(): number {
    return this.bytes.length
  }

  at(offset: number): string {
    if (offset === 0 && this.bytes.length === 0) return ''
    if (offset >= this.bytes.length) {
      throw new FormatError(this.source, this.fileOffset + offset, 'a name lies behind the strings')
    }
    const end = this.text.indexOf('\0', offset)
    if (end - offset > LONGEST_NAME) throw this.tooLong(offset)
    return this.text.slice(offset, end)
  }

  /** All strings at once: one decode costs less than a few thousand small ones. */
  private get text(): string {
    this.decoded ??= textOf(this.bytes)
    return this.decoded
  }

  /** Where this string stands by itself, not as the end of another one. */
  *find(wanted: string): Generator<number> {
    const pattern = `\0${wanted}\0`
    const { text } = this
    for (let at = text.indexOf(pattern); at !== -1; at = text.indexOf(pattern, at + 1)) yield at + 1
  }

  private tooLong(offset: number): FormatError {
    const expected = `a name has at most ${LONGEST_NAME} bytes`
    return new FormatError(this.source, this.fileOffset + offset, expected)
  }

  /** FNV-1a over the name at `offset`, the same as {@link hashName} of its text. */
  hashAt(offset: number): number {
    let hash = EMPTY_HASH
    const { bytes } = this
    const end = Math.min(bytes.length, offset + LONGEST_NAME)
    for (let i = offset; i < end && bytes[i] !== 0; i++) hash = hashByte(hash, bytes[i]!)
    return hash >>> 0
  }
}
