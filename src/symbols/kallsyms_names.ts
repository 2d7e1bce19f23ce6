import { FormatError } from '../errors.js'
import type { KallsymsTokens } from './kallsyms_tokens.js'

/** The kernel has a marker for the first of so many names. */
export const NAMES_PER_MARKER = 256

/**
 * `kallsyms_names`: each name is a length and as many bytes, which stand for tokens. Since Linux 6.1
 * (73bbb94466fd) the length is ULEB128 of up to two bytes, before it was one byte; no name of these
 * kernels was long enough for that to make a difference.
 */
export class KallsymsNames {
  /** Where the length of each name is, and where the last one ends. */
  readonly starts: Uint32Array

  /** `bytes` may go on behind the last name. Throws {@link FormatError}. */
  constructor(
    private readonly bytes: Uint8Array,
    readonly count: number,
    private readonly tokens: KallsymsTokens,
    source: string,
  ) {
    this.starts = new Uint32Array(count + 1)
    let at = 0
    for (let position = 0; position < count; position++) {
      at = endOfName(bytes, at)
      if (at === -1) {
        const start = this.starts[position]!
        throw new FormatError(`kallsyms_names of ${source}`, start, `${count} names are there`)
      }
      this.starts[position + 1] = at
    }
  }

  nameAt(position: number): string {
    return this.tokens.nameOf(this.bytes, this.codesOf(position), this.starts[position + 1]!)
  }

  hashAt(position: number): number {
    return this.tokens.hashOf(this.bytes, this.codesOf(position), this.starts[position + 1]!)
  }

  typeAt(position: number): string {
    return this.tokens.typeOf(this.bytes[this.codesOf(position)]!)
  }

  /** Behind the length. */
  private codesOf(position: number): number {
    const start = this.starts[position]!
    return start + (this.bytes[start]! < TWO_BYTES ? 1 : 2)
  }
}

/** In the first byte of a length, that another byte follows. */
const TWO_BYTES = 0x80

/** Where the name at `start` ends; -1 if that is none. */
export function endOfName(bytes: Uint8Array, start: number): number {
  let at = start
  let length = bytes[at++]!
  if (length >= TWO_BYTES) length = (length & 0x7f) | (bytes[at++]! << 7)
  // Without a byte to be read, the sum is NaN.
  return length > 0 && at + length <= bytes.length ? at + length : -1
}
