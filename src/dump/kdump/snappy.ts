import { LzBuffers } from './lz_buffers.js'

/**
 * Decompresses Snappy's raw format (format_description.txt of google/snappy) into `output`, and gives
 * how many bytes that were. Throws {@link FormatError} at what does not fit, or is no such data.
 */
export function decompressSnappy(input: Uint8Array, output: Uint8Array): number {
  return new Snappy(input, output).run()
}

class Snappy extends LzBuffers {
  constructor(input: Uint8Array, output: Uint8Array) {
    super('Snappy', input, output)
  }

  run(): number {
    const size = this.varint()
    while (this.at < this.input.length) this.element(this.bytes(1))
    if (this.done !== size) throw this.damaged(`${size} bytes come out, not ${this.done}`)
    return size
  }

  private element(tag: number): void {
    const kind = tag & 3
    const upper = tag >> 2
    if (kind === 0) {
      // Lengths above 60 are in one to four bytes behind the tag.
      this.literals((upper < 60 ? upper : this.bytes(upper - 59)) + 1)
    } else if (kind === 1) {
      this.copy(((tag >> 5) << 8) + this.bytes(1), (upper & 7) + 4)
    } else {
      this.copy(this.bytes(kind === 2 ? 2 : 4), upper + 1)
    }
  }

  /** The size of what comes out: seven bits a byte, the lowest first. */
  private varint(): number {
    let value = 0
    for (let scale = 1; scale < 2 ** 35; scale *= 128) {
      const byte = this.bytes(1)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw this.damaged('the size has no more than five bytes')
  }

  /** A little-endian number. */
  private bytes(count: number): number {
    if (this.at + count > this.input.length) throw this.damaged('the data ends within an element')
    let value = 0
    let scale = 1
    for (let i = 0; i < count; i++, scale *= 256) value += this.input[this.at++]! * scale
    return value
  }
}
