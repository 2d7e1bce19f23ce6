import { FaultError } from '../errors.js'
import { type Memory, type Range, readOrFault } from './memory.js'

const PAGE_SIZE = 4096
const PAGE_MASK = BigInt(PAGE_SIZE - 1)

/** 64 MiB; the oldest pages make room for new ones. */
const MAX_PAGES = 16384

/**
 * Remembers the pages that were read, so that walks over neighbouring structures cost one read per
 * page. Memory of a running kernel changes: {@link drop} forgets all pages, and reads larger than
 * a few pages pass by the cache.
 */
export class PageCache implements Memory {
  private readonly pages = new Map<bigint, Uint8Array>()

  constructor(private readonly below: Memory) {}

  drop(): void {
    this.pages.clear()
  }

  read(address: bigint, into: Uint8Array): void {
    if (into.length > 4 * PAGE_SIZE) {
      this.below.read(address, into)
      return
    }
    let done = 0
    while (done < into.length) {
      const at = address + BigInt(done)
      const offset = Number(at & PAGE_MASK)
      const take = Math.min(PAGE_SIZE - offset, into.length - done)
      into.set(this.page(at - BigInt(offset), at).subarray(offset, offset + take), done)
      done += take
    }
  }

  private page(start: bigint, wanted: bigint): Uint8Array {
    const known = this.pages.get(start)
    if (known !== undefined) return known
    const page = new Uint8Array(PAGE_SIZE)
    try {
      this.below.read(start, page)
    } catch (error) {
      // Say the address that was asked for, not the start of its page.
      throw error instanceof FaultError ? new FaultError(wanted, error.why, error.todo) : error
    }
    this.remember(start, page)
    return page
  }

  private remember(start: bigint, page: Uint8Array): void {
    if (this.pages.size >= MAX_PAGES) {
      for (const oldest of this.pages.keys()) {
        this.pages.delete(oldest)
        break
      }
    }
    this.pages.set(start, page)
  }

  gather(ranges: readonly Range[]): (Uint8Array | FaultError)[] {
    this.fetchMissing(ranges)
    return ranges.map((range) => readOrFault(this, range))
  }

  /** Brings all pages that the ranges touch with one gather below. */
  private fetchMissing(ranges: readonly Range[]): void {
    const missing = new Set<bigint>()
    for (const { address, length } of ranges) {
      if (length > 4 * PAGE_SIZE) continue
      const end = address + BigInt(length)
      for (let page = address & ~PAGE_MASK; page < end; page += BigInt(PAGE_SIZE)) {
        if (!this.pages.has(page)) missing.add(page)
        if (missing.size >= MAX_PAGES) break
      }
    }
    const starts = [...missing]
    const pages = this.below.gather(starts.map((address) => ({ address, length: PAGE_SIZE })))
    pages.forEach((page, i) => {
      if (page instanceof Uint8Array) this.remember(starts[i]!, page)
    })
  }
}
