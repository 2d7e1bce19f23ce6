import { FormatError } from '../errors.js'

/** The string section: NUL-terminated names, found by their offset. */
export class StringTable {
  private text: string | undefined

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
    this.text ??= new TextDecoder('latin1').decode(this.bytes)
    return this.text.slice(offset, this.text.indexOf('\0', offset))
  }

  /** FNV-1a over the name at `offset`, the same as {@link hashName} of its text. */
  hashAt(offset: number): number {
    let hash = FNV_BASIS
    const { bytes } = this
    for (let i = offset; i < bytes.length; i++) {
      const byte = bytes[i]!
      if (byte === 0) break
      hash = Math.imul(hash ^ byte, FNV_PRIME)
    }
    return hash >>> 0
  }
}

const FNV_BASIS = 0x811c9dc5
const FNV_PRIME = 0x01000193

export function hashName(name: string): number {
  let hash = FNV_BASIS
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), FNV_PRIME)
  return hash >>> 0
}
