import type { ByteSource } from '../../src/bytes/byte_source.js'

const PAGE_SIZE = 4096

/** So much of a file may be read by what is done with one damaged image. */
export interface Budget {
  readonly reads: number
  readonly bytes: number
  /** The longest single read. */
  readonly longest: number
}

/** Thrown by a read beyond the budget: whoever reads without end is stopped by it. */
class BudgetExceeded extends Error {}

/** A file of which some bytes are changed, in memory only, and that may end early. */
export class DamagedSource implements ByteSource {
  readonly name = 'image'
  private readonly pages = new Map<number, Uint8Array>()
  private readonly spent = { reads: 0, bytes: 0 }
  private end: number

  constructor(
    private readonly whole: ByteSource,
    private readonly budget: Budget,
  ) {
    this.end = whole.size
  }

  get size(): number {
    return this.end
  }

  /** How often it was read since it was restored. */
  get reads(): number {
    return this.spent.reads
  }

  /** Makes it whole again, with all of the budget. */
  restore(): void {
    this.pages.clear()
    this.end = this.whole.size
    this.spent.reads = 0
    this.spent.bytes = 0
  }

  cut(end: number): void {
    this.end = Math.min(end, this.whole.size)
  }

  /** What was written since, page by page. */
  get changes(): readonly (readonly [offset: number, bytes: Uint8Array])[] {
    return [...this.pages]
  }

  /** The bytes there, without the budget. */
  peek(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    this.fill(offset, bytes)
    return bytes
  }

  write(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const at = (offset + done) % PAGE_SIZE
      const part = bytes.subarray(done, done + PAGE_SIZE - at)
      this.pageAt(offset + done - at).set(part, at)
      done += part.length
    }
  }

  private pageAt(start: number): Uint8Array {
    let page = this.pages.get(start)
    if (page === undefined) {
      page = new Uint8Array(PAGE_SIZE)
      this.whole.read(start, page)
      this.pages.set(start, page)
    }
    return page
  }

  read(offset: number, into: Uint8Array): number {
    this.spent.reads++
    this.spent.bytes += into.length
    const { reads, bytes, longest } = this.budget
    if (this.spent.reads > reads || this.spent.bytes > bytes || into.length > longest) {
      const { reads, bytes } = this.spent
      throw new BudgetExceeded(`${reads} reads of ${bytes} bytes, ${into.length} with the last`)
    }
    return this.fill(offset, into)
  }

  private fill(offset: number, into: Uint8Array): number {
    const part = into.subarray(0, Math.max(0, this.end - offset))
    const count = this.whole.read(offset, part)
    for (const [start, page] of this.pages) {
      const first = Math.max(start, offset)
      const last = Math.min(start + PAGE_SIZE, offset + count)
      if (first < last) part.set(page.subarray(first - start, last - start), first - offset)
    }
    return count
  }
}
