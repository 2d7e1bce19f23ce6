import { FormatError } from '../../errors.js'
import type { FrameSection } from './frame_section.js'

/** Reads values of DWARF one after the other, from `at` up to `end`. */
export class Cursor {
  private readonly view: DataView

  constructor(
    readonly section: FrameSection,
    public at: number,
    public end = section.bytes.length,
  ) {
    const { bytes } = section
    if (at < 0 || at > end || end > bytes.length) {
      throw new FormatError(
        section.name,
        at,
        `what is referred to lies within its ${bytes.length} bytes`,
      )
    }
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get done(): boolean {
    return this.at >= this.end
  }

  /** The address of the next byte, as the file has it. */
  get address(): bigint {
    return this.section.address + BigInt(this.at)
  }

  /** A fault in what was just read. */
  damaged(expected: string, at = this.at): FormatError {
    return new FormatError(this.section.name, at, expected)
  }

  u8(): number {
    return this.view.getUint8(this.skip(1))
  }

  i8(): number {
    return this.view.getInt8(this.skip(1))
  }

  u16(): number {
    return this.view.getUint16(this.skip(2), this.section.littleEndian)
  }

  i16(): number {
    return this.view.getInt16(this.skip(2), this.section.littleEndian)
  }

  u32(): number {
    return this.view.getUint32(this.skip(4), this.section.littleEndian)
  }

  i32(): number {
    return this.view.getInt32(this.skip(4), this.section.littleEndian)
  }

  u64(): bigint {
    return this.view.getBigUint64(this.skip(8), this.section.littleEndian)
  }

  i64(): bigint {
    return this.view.getBigInt64(this.skip(8), this.section.littleEndian)
  }

  /** An address of the target machine, 32 or 64 bits. */
  word(): bigint {
    return this.section.addressSize === 8 ? this.u64() : BigInt(this.u32())
  }

  /** A ULEB128 that is a count, an offset, or the number of a register. */
  uleb(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.u8()
      // Zeros may pad it to any length: of them, the scale may be infinite.
      if ((byte & 0x7f) !== 0) value += (byte & 0x7f) * scale
      if (byte < 0x80) break
      scale *= 128
    }
    if (value > Number.MAX_SAFE_INTEGER) throw this.damaged('a ULEB128 number is below 2^53')
    return value
  }

  /** An SLEB128 that is an offset or a factor. */
  sleb(): number {
    const value = Number(this.sleb64())
    if (!Number.isSafeInteger(value)) throw this.damaged('an SLEB128 number is within ±2^53')
    return value
  }

  /** A ULEB128 of 64 bits; what is beyond them is cut off. */
  uleb64(): bigint {
    return BigInt.asUintN(64, this.leb().value)
  }

  /** An SLEB128 of 64 bits; what is beyond them is cut off. */
  sleb64(): bigint {
    const { value, bits, negative } = this.leb()
    return BigInt.asIntN(64, negative && bits < 64n ? value - (1n << bits) : value)
  }

  private leb(): { value: bigint; bits: bigint; negative: boolean } {
    let value = 0n
    let bits = 0n
    for (;;) {
      const byte = this.u8()
      if (bits < 64n) value |= BigInt(byte & 0x7f) << bits
      bits += 7n
      if (byte < 0x80) return { value, bits, negative: (byte & 0x40) !== 0 }
    }
  }

  /** The next bytes, not copied. */
  bytes(length: number): Uint8Array {
    const start = this.skip(length)
    return this.section.bytes.subarray(start, start + length)
  }

  /** Where the skipped bytes start. */
  skip(length: number): number {
    const start = this.at
    if (length > this.end - start) {
      throw new FormatError(
        this.section.name,
        start,
        `${length} bytes more are there, not ${this.end - start}`,
      )
    }
    this.at = start + length
    return start
  }
}
