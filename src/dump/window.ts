import type { ByteSource } from '../bytes/byte_source.js'

/** Headers, notes and descriptors are read in small pieces: so much of the file is read at once for them. */
const WINDOW_SIZE = 1 << 14

/**
 * A file through a window that moves to where it is read, so that small reads near to each other cost
 * one read of the file. Not for memory that changes: what is in the window is not read again.
 */
export class Window implements ByteSource {
  readonly name: string
  readonly size: number
  private readonly bytes = new Uint8Array(WINDOW_SIZE)
  private start = 0
  private length = 0

  constructor(private readonly source: ByteSource) {
    this.name = source.name
    this.size = source.size
  }

  read(offset: number, into: Uint8Array): number {
    if (into.length > WINDOW_SIZE / 4) return this.source.read(offset, into)
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
