import type { ByteSource } from '../bytes/byte_source.js'

/**
 * A file through a window that moves to where it is read, so that small reads near to each other, as
 * of headers, notes and descriptors, cost one read of the file. Not for memory that changes: what is
 * in the window is not read again.
 */
export class Window implements ByteSource {
  readonly name: string
  readonly size: number
  private readonly bytes: Uint8Array
  private start = 0
  private length = 0

  /** Of `width` bytes: so much of the file is read at once. */
  constructor(
    private readonly source: ByteSource,
    width = 1 << 14,
  ) {
    this.bytes = new Uint8Array(width)
    this.name = source.name
    this.size = source.size
  }

  read(offset: number, into: Uint8Array): number {
    if (into.length > this.bytes.length / 4) return this.source.read(offset, into)
    if (offset < this.start || offset + into.length > this.start + this.length) this.move(offset)
    const at = offset - this.start
    const found = this.bytes.subarray(at, Math.min(at + into.length, this.length))
    into.set(found)
    return found.length
  }

  private move(offset: number): void {
    this.length = 0
    this.length = this.source.read(offset, this.bytes)
    this.start = offset
  }
}
