import { FaultError } from '../../src/errors.js'
import { type Memory, type Range, readOrFault } from '../../src/memory/memory.js'

const PAGE_SIZE = 4096
const PAGE_MASK = BigInt(PAGE_SIZE - 1)

/** Keeps a copy of every page that is read, to be read again elsewhere from {@link PagesMemory}. */
export class RecordedMemory implements Memory {
  /** In base64, by the number of the page in hexadecimal. */
  readonly pages: Record<string, string> = {}

  constructor(private readonly below: Memory) {}

  read(address: bigint, into: Uint8Array): void {
    this.below.read(address, into)
    const end = address + BigInt(into.length)
    for (let page = address & ~PAGE_MASK; page < end; page += BigInt(PAGE_SIZE)) this.keep(page)
  }

  private keep(address: bigint): void {
    const key = (address / BigInt(PAGE_SIZE)).toString(16)
    if (key in this.pages) return
    const bytes = Buffer.alloc(PAGE_SIZE)
    this.below.read(address, bytes)
    this.pages[key] = bytes.toString('base64')
  }

  gather(ranges: readonly Range[]): (Uint8Array | FaultError)[] {
    return ranges.map((range) => readOrFault(this, range))
  }
}

/** The pages that were recorded; nothing else is mapped. */
export class PagesMemory implements Memory {
  private readonly pages: ReadonlyMap<bigint, Uint8Array>

  constructor(recorded: Readonly<Record<string, string>>) {
    const pages = Object.entries(recorded)
    this.pages = new Map(
      pages.map(([number, bytes]) => [BigInt(`0x${number}`), Buffer.from(bytes, 'base64')]),
    )
  }

  get count(): number {
    return this.pages.size
  }

  /** Changes a byte of one of the pages. */
  change(index: number, at: number, value: number): void {
    ;[...this.pages.values()][index]![at] = value
  }

  read(address: bigint, into: Uint8Array): void {
    for (let done = 0; done < into.length; ) {
      const at = address + BigInt(done)
      const page = this.pages.get(at / BigInt(PAGE_SIZE))
      if (page === undefined) throw new FaultError(at, 'it was not recorded')
      const start = Number(at & PAGE_MASK)
      const part = page.subarray(start, start + into.length - done)
      into.set(part, done)
      done += part.length
    }
  }

  gather(ranges: readonly Range[]): (Uint8Array | FaultError)[] {
    return ranges.map((range) => readOrFault(this, range))
  }
}
