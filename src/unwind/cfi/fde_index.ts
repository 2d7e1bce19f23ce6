import { KsightError } from '../../errors.js'
import type { Fde } from './entries.js'

/** FDEs by address, for a section that no table of its file describes: read once from start to end. */
export class FdeIndex {
  private readonly starts: BigUint64Array
  private readonly offsets: Float64Array
  /** What ended the reading before the end of the section. */
  readonly damage: KsightError | undefined

  constructor(fdes: Iterable<Fde>) {
    const found: { start: bigint; offset: number }[] = []
    try {
      // An FDE of length zero is of code that the linker dropped.
      for (const { start, end, offset } of fdes) if (end > start) found.push({ start, offset })
    } catch (error) {
      if (!(error instanceof KsightError)) throw error
      this.damage = error
    }
    found.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : a.offset - b.offset))
    this.starts = BigUint64Array.from(found, ({ start }) => start)
    this.offsets = Float64Array.from(found, ({ offset }) => offset)
  }

  /** Where the last FDE is that starts at or before `address`. */
  find(address: bigint): number | undefined {
    let low = 0
    let high = this.starts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.starts[middle]! <= address) low = middle + 1
      else high = middle
    }
    return low === 0 ? undefined : this.offsets[low - 1]
  }
}
