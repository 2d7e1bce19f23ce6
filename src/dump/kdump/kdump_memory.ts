import { FaultError } from '../../errors.js'
import { PhysicalMemory } from '../physical_memory.js'
import { type KdumpFile, MissingPage } from './kdump_file.js'

/** Of pages that were decompressed, so many bytes are remembered. */
const CACHE_SIZE = 16 << 20

/** Physical memory in one kdump file, or in several that each have a part of it. */
export class KdumpMemory extends PhysicalMemory {
  private readonly pages = new Map<number, Uint8Array>()
  private readonly maxPages: number
  private readonly pageSize: number

  constructor(private readonly files: readonly KdumpFile[]) {
    super()
    this.pageSize = files[0]!.header.blockSize
    this.maxPages = CACHE_SIZE / this.pageSize
  }

  protected override readPart(address: number, into: Uint8Array): number {
    const pfn = Math.floor(address / this.pageSize)
    const offset = address - pfn * this.pageSize
    const found = this.page(pfn, address).subarray(offset, offset + into.length)
    into.set(found)
    return found.length
  }

  private page(pfn: number, address: number): Uint8Array {
    const known = this.pages.get(pfn)
    if (known !== undefined) return known
    const page = this.load(pfn, address)
    if (this.pages.size >= this.maxPages) {
      for (const oldest of this.pages.keys()) {
        this.pages.delete(oldest)
        break
      }
    }
    this.pages.set(pfn, page)
    return page
  }

  private load(pfn: number, address: number): Uint8Array {
    const file = this.files.find(({ start, end }) => start <= pfn && pfn < end)
    if (file === undefined) throw new FaultError(BigInt(address), this.whyInNone(pfn))
    try {
      const page = file.page(pfn)
      if (!(page instanceof MissingPage)) return page
      throw new FaultError(BigInt(address), page.why)
    } catch (error) {
      if (error instanceof FaultError) throw error
      // Whatever a decompressor says of garbage.
      const why = error instanceof Error ? error.message : `${error}`
      throw new FaultError(BigInt(address), `its page in ${file.source.name} is damaged: ${why}`)
    }
  }

  private whyInNone(pfn: number): string {
    if (pfn >= this.files[0]!.maxMapnr) return 'there is no RAM'
    return 'its page is in another file of the split image, and all its files are needed'
  }
}
