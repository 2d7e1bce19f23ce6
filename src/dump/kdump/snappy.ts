import { LzBuffers } from './lz_buffers.js'

/**
 * Decompresses Snappy's raw format (format_description.txt of google/snappy) into `output`, and gives
 * how many bytes that were. Throws {@link FormatError} at what does not fit, or is no such data.
 */
export function decompressSnappy(input: Uint8Array, output: Uint8Array): number {
  return new Snappy(input, output).run()
}

class Snappy {
  private readonly buffers: LzBuffers

  constructor(input: Uint8Array, output: Uint8Array) {
    this.buffers = new LzBuffers('Snappy', input, output)
  }

  run(): number {
    const size = this.varint()
    while (this.buffers.at < this.buffers.input.length) this.element(this.bytes(1))
    if (this.buffers.done !== size)
      throw this.buffers.damaged(`${size} bytes come out, not ${this.buffers.done}`)
    return size
  }

  private element(tag: number): void {
    const kind = tag & 3
    const upper = tag >> 2
    if (kind === 0) {
      // Lengths above 60 are in one to four bytes behind the tag.
      this.buffers.literals((upper < 60 ? upper : this.bytes(upper - 59)) + 1)
    } else if (kind === 1) {
      this.buffers.copy(((tag >> 5) << 8) + this.bytes(1), (upper & 7) + 4)
    } else {
      this.buffers.copy(this.bytes(kind === 2 ? 2 : 4), upper + 1)
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
    throw this.buffers.damaged('the size has no more than five bytes')
  }

  /** A little-endian number. */
  private bytes(count: number): number {
    if (this.buffers.at + count > this.buffers.input.length)
      throw this.buffers.damaged('the data ends within an element')
    let value = 0
    let scale = 1
    for (let i = 0; i < count; i++, scale *= 256)
      value += this.buffers.input[this.buffers.at++]! * scale
    return value
  }
}
