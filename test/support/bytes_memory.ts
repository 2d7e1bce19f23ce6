import { FaultError } from '../../src/errors.js'
import { type Memory, type Range, readOrFault } from '../../src/memory/memory.js'

/** Memory that is an array of bytes, from an address on; nothing is mapped around it. */
export class BytesMemory implements Memory {
  readonly view: DataView
  /** How often it was read. */
  reads = 0

  constructor(
    readonly start: bigint,
    readonly bytes: Uint8Array,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  read(address: bigint, into: Uint8Array): void {
    this.reads++
    const offset = address - this.start
    const length = BigInt(this.bytes.length)
    if (offset < 0n || offset >= length) throw new FaultError(address, 'nothing is there')
    if (offset + BigInt(into.length) > length) {
      throw new FaultError(this.start + length, 'nothing is there')
    }
    into.set(this.bytes.subarray(Number(offset), Number(offset) + into.length))
  }

  gather(ranges: readonly Range[]): (Uint8Array | FaultError)[] {
    return ranges.map((range) => readOrFault(this, range))
  }
}
