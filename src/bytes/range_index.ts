/** The largest address that is a number without loss; no user's code lies above. */
const HIGHEST = BigInt(Number.MAX_SAFE_INTEGER)

/** Ranges of addresses that may overlap; of those that cover an address, the last one counts. */
export class RangeIndex {
  /** Where another range starts to count, in ascending order, and which: -1 for none. */
  private readonly starts: number[] = []
  private readonly counting: number[] = []

  constructor(ranges: readonly { readonly start: number; readonly end: number }[]) {
    const order = Array.from(ranges.keys()).sort((a, b) => ranges[a]!.start - ranges[b]!.start)
    const open = new Highest()
    for (const position of order) {
      const { start, end } = ranges[position]!
      if (end <= start) continue
      this.closeUntil(start, open, ranges)
      open.add(position)
      this.count(start, open.top!)
    }
    this.closeUntil(Number.POSITIVE_INFINITY, open, ranges)
  }

  /** The position of the range that counts at an address; undefined if none covers it. */
  find(address: bigint): number | undefined {
    if (address < 0n || address > HIGHEST) return undefined
    const wanted = Number(address)
    let low = 0
    let high = this.starts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.starts[middle]! <= wanted) low = middle + 1
      else high = middle
    }
    const position = this.counting[low - 1] ?? -1
    return position === -1 ? undefined : position
  }

  /** Ends the ranges that do not reach beyond `limit`. */
  private closeUntil(
    limit: number,
    open: Highest,
    ranges: readonly { readonly end: number }[],
  ): void {
    while (open.top !== undefined && ranges[open.top]!.end <= limit) {
      const { end } = ranges[open.top]!
      // Those that ended below it never counted again.
      while (open.top !== undefined && ranges[open.top]!.end <= end) open.removeTop()
      this.count(end, open.top ?? -1)
    }
  }

  private count(start: number, position: number): void {
    const last = this.starts.length - 1
    if (this.starts[last] === start) this.counting[last] = position
    else if (this.counting[last] !== position) {
      this.starts.push(start)
      this.counting.push(position)
    }
  }
}

/** A heap of numbers that gives the highest. */
class Highest {
  private readonly heap: number[] = []

  get top(): number | undefined {
    return this.heap[0]
  }

  add(value: number): void {
    const { heap } = this
    let at = heap.push(value) - 1
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (heap[parent]! >= value) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = value
  }

  removeTop(): void {
    const { heap } = this
    const value = heap.pop()
    if (value === undefined || heap.length === 0) return
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if ((heap[child + 1] ?? -1) > heap[child]!) child++
      if (heap[child]! <= value) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = value
  }
}
