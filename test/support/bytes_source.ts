import type { ByteSource } from '../../src/bytes/byte_source.js'

/** Bytes as a file. Remembers the longest read, to see what is allocated for one. */
export class BytesSource implements ByteSource {
  longestRead = 0

  constructor(
    private readonly bytes: Uint8Array,
    readonly name = 'image',
  ) {}

  get size(): number {
    return this.bytes.length
  }

  read(offset: number, into: Uint8Array): number {
    this.longestRead = Math.max(this.longestRead, into.length)
    const found = this.bytes.subarray(offset, offset + into.length)
    into.set(found)
    return found.length
  }
}
