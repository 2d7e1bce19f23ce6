import { EMPTY_HASH, hashByte } from '../bytes/name_index.js'
import { textOf } from '../bytes/text.js'
import { FormatError } from '../errors.js'

/** The kernel's limit is 512 (KSYM_NAME_LEN); without one, damage could make every name huge. */
const LONGEST_NAME = 4096

/** So many names cost as much as decoding the whole section. */
const READS_WITHOUT_TEXT = 4000

/** The string section: NUL-terminated names, found by their offset. */
export class StringTable {
  private text: string | undefined
  private reads = 0

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
    // One decode of the whole section costs less than a hundred thousand small ones.
    if (this.text === undefined && this.reads++ < READS_WITHOUT_TEXT) return this.read(offset)
    this.text ??= textOf(this.bytes)
    const end = this.text.indexOf('\0', offset)
    if (end - offset > LONGEST_NAME) throw this.tooLong(offset)
    return this.text.slice(offset, end)
  }

  private read(offset: number): string {
    let text = ''
    for (let i = offset; this.bytes[i] !== 0; i++) {
      text += String.fromCharCode(this.bytes[i]!)
      if (text.length > LONGEST_NAME) throw this.tooLong(offset)
    }
    return text
  }

  private tooLong(offset: number): FormatError {
    const expected = `a name has at most ${LONGEST_NAME} bytes`
    return new FormatError(this.source, this.fileOffset + offset, expected)
  }

  /** Whether the string at `offset` is `wanted`, which includes the NUL. */
  equals(offset: number, wanted: Uint8Array): boolean {
    for (let i = 0; i < wanted.length; i++) {
      if (this.bytes[offset + i] !== wanted[i]) return false
    }
    return true
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
