import type { ByteSource } from '../bytes/byte_source.js'
import { FaultError, KsightError, UsageError } from '../errors.js'
import type { PhysicalRange } from './dump.js'
import { type Extents, ZEROS } from './extents.js'
import { PhysicalMemory } from './physical_memory.js'
import { withoutOverlaps } from './without_overlaps.js'

/** Physical memory whose bytes are in a file as they are, range by range. */
export class ExtentMemory extends PhysicalMemory {
  private readonly extents: Extents

  /** Where extents overlap, the last holds. */
  constructor(
    private readonly source: ByteSource,
    extents: Extents,
  ) {
    super()
    this.extents = withoutOverlaps(extents)
  }

  /** Where RAM is: neighbouring extents as one range. */
  get ranges(): PhysicalRange[] {
    const ranges: { address: bigint; length: bigint }[] = []
    for (let i = 0; i < this.extents.length; i++) {
      const address = BigInt(this.extents.start(i))
      const length = BigInt(this.extents.end(i)) - address
      const last = ranges.at(-1)
      if (last !== undefined && last.address + last.length === address) last.length += length
      else ranges.push({ address, length })
    }
    return ranges
  }

  protected override readPart(address: number, into: Uint8Array): number {
    const extent = this.extents.find(address)
    if (extent === undefined) {
      throw new FaultError(BigInt(address), `${this.source.name} has no memory there`)
    }
    const part = into.subarray(0, extent.end - address)
    if (extent.from === ZEROS) {
      part.fill(0)
      return part.length
    }
    const count = this.readFile(extent.from + (address - extent.start), part, address)
    if (count > 0) return count
    throw new FaultError(
      BigInt(address),
      `${this.source.name} ends before it: the image is cut off`,
    )
  }

  /** A device, and /proc/kcore, may have parts that cannot be read. */
  private readFile(offset: number, into: Uint8Array, address: number): number {
    try {
      return this.source.read(offset, into)
    } catch (error) {
      if (!(error instanceof KsightError) || error instanceof UsageError) throw error
      throw new FaultError(BigInt(address), error.message)
    }
  }
}
