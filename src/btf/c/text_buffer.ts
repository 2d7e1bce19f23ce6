import { FormatError } from '../../errors.js'

/** More text than any kernel's types make; damaged BTF could otherwise make it without end. */
export const MAX_TEXT = 64 * 1024 * 1024

const TAB = 0x09
const BLANK = 0x20
const MINUS = 0x2d
const ZERO = 0x30
const UNDERSCORE = 0x5f

/**
 * What may be in a C identifier; all else becomes `_`, so that no name can break out of its place
 * in the text, or do things to a terminal.
 */
const IDENTIFIER = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[\w$]/.test(String.fromCharCode(byte)) ? byte : UNDERSCORE,
)
/** The same for names of several words: `unsigned int`. */
export const WORDS = IDENTIFIER.with(BLANK, BLANK)

/** A constant piece of text. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/**
 * ASCII text as bytes. Joining the million pieces of a header as strings, and encoding them again
 * for output, takes several times as long as writing bytes in place.
 */
export class TextBuffer {
  /** Larger than what is usually taken at once: growing costs time. */
  private bytes = new Uint8Array(1 << 18)
  length = 0

  /** `source` is what the text is made from, for messages. */
  constructor(private readonly source: string) {}

  byte(byte: number): void {
    if (this.length === this.bytes.length) this.grow(1)
    this.bytes[this.length++] = byte
  }

  literal(text: Uint8Array): void {
    const { length } = text
    if (this.length + length > this.bytes.length) this.grow(length)
    const { bytes } = this
    let at = this.length
    for (let i = 0; i < length; i++) bytes[at++] = text[i]!
    this.length = at
  }

  tabs(count: number): void {
    for (let i = 0; i < count; i++) this.byte(TAB)
  }

  /** The NUL-terminated name that starts at `offset`. */
  name(strings: Uint8Array, offset: number, characters = IDENTIFIER): void {
    if (offset >= strings.length) {
      throw new FormatError(this.source, 0, 'a name lies behind the strings')
    }
    let { bytes, length: at } = this
    for (let i = offset; ; i++) {
      const byte = strings[i]!
      if (byte === 0) break
      if (at === bytes.length) {
        this.length = at
        this.grow(1)
        bytes = this.bytes
      }
      bytes[at++] = characters[byte]!
    }
    this.length = at
  }

  /** An integer in decimal. */
  number(value: number): void {
    if (value < 0) {
      this.byte(MINUS)
      this.number(-value)
    } else {
      if (value >= 10) this.number(Math.floor(value / 10))
      this.byte(ZERO + (value % 10))
    }
  }

  /** Takes back a blank at the end. */
  trimBlank(): void {
    if (this.bytes[this.length - 1] === BLANK) this.length--
  }

  clear(): void {
    this.length = 0
  }

  /** All text so far, as a copy; the buffer is empty then. */
  take(): Uint8Array {
    const text = this.bytes.slice(0, this.length)
    this.length = 0
    return text
  }

  private grow(by: number): void {
    const length = Math.max(this.length + by, this.bytes.length * 2)
    if (length > MAX_TEXT) throw tooMuchText(this.source)
    const bytes = new Uint8Array(length)
    bytes.set(this.bytes)
    this.bytes = bytes
  }
}

export function tooMuchText(source: string): FormatError {
  return new FormatError(source, 0, 'its types make more than 64 MiB of text')
}

const decoder = new TextDecoder('latin1')

export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}
