import { FormatError } from '../errors.js'

/** Bytes of an ELF file, all or a part, with what its identification says of how to read them. */
export class ElfData {
  private readonly view: DataView

  constructor(
    readonly bytes: Uint8Array,
    readonly source: string,
    /** ELFCLASS32 or ELFCLASS64. */
    readonly bits: 32 | 64,
    readonly littleEndian: boolean,
    /** Where in the file `bytes` start. */
    private readonly base = 0,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Where a range of the file lies within `bytes`; throws {@link FormatError} where it does not. */
  range(offset: bigint, size: bigint, what: string): { start: number; end: number } {
    const start = offset - BigInt(this.base)
    if (start < 0n || start + size > BigInt(this.bytes.length)) {
      const end = this.base + this.bytes.length
      throw new FormatError(
        this.source,
        Number(offset),
        `${what} of ${size} bytes ends behind the end of the file, ${end} bytes`,
      )
    }
    return { start: Number(start), end: Number(start + size) }
  }

  /** The bytes of a range, not copied. */
  slice(offset: bigint, size: bigint, what: string): Uint8Array {
    const { start, end } = this.range(offset, size, what)
    return this.bytes.subarray(start, end)
  }

  /** The fields from `at` in `bytes` on; whoever calls has checked that they are within. */
  fields(at: number): FieldReader {
    return new FieldReader(this.view, at, this.bits, this.littleEndian)
  }

  /** A fault in the file, found at `at` in `bytes`. */
  damaged(at: number, expected: string): FormatError {
    return new FormatError(this.source, this.base + at, expected)
  }
}

/** Reads the fields of a structure one after the other. */
class FieldReader {
  constructor(
    private readonly view: DataView,
    private offset: number,
    private readonly bits: 32 | 64,
    private readonly littleEndian: boolean,
  ) {}

  u8(): number {
    return this.view.getUint8(this.skip(1))
  }

  u16(): number {
    return this.view.getUint16(this.skip(2), this.littleEndian)
  }

  u32(): number {
    return this.view.getUint32(this.skip(4), this.littleEndian)
  }

  /** An address, offset or size: 32 or 64 bits, as the class of the file has it. */
  word(): bigint {
    if (this.bits === 32) return BigInt(this.u32())
    return this.view.getBigUint64(this.skip(8), this.littleEndian)
  }

  private skip(size: number): number {
    const at = this.offset
    this.offset += size
    return at
  }
}
