/** Where an extent's bytes are that no file holds, because they are zeros. */
export const ZEROS = Number.NEGATIVE_INFINITY

/** A part of an address space, and where in a file its bytes are. */
export interface Extent {
  readonly start: number
  readonly end: number
  /** Offset of the first byte, or {@link ZEROS}. */
  readonly from: number
}

/** A list of extents: as columns of numbers, because there may be millions. */
export class Extents {
  private starts: Float64Array = new Float64Array(16)
  private ends: Float64Array = new Float64Array(16)
  private froms: Float64Array = new Float64Array(16)
  private count = 0

  get length(): number {
    return this.count
  }

  /** Adds an extent, unless it is empty. */
  add(start: number, end: number, from: number): void {
    if (end <= start) return
    if (this.count === this.starts.length) this.grow()
    this.starts[this.count] = start
    this.ends[this.count] = end
    this.froms[this.count] = from
    this.count++
  }

  private grow(): void {
    this.starts = twiceAsLong(this.starts)
    this.ends = twiceAsLong(this.ends)
    this.froms = twiceAsLong(this.froms)
  }

  start(index: number): number {
    return this.starts[index]!
  }

  end(index: number): number {
    return this.ends[index]!
  }

  from(index: number): number {
    return this.froms[index]!
  }

  /** Of extents in ascending order without overlaps: the first that ends behind `at`. */
  findIndex(at: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.ends[middle]! > at) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Of extents in ascending order without overlaps: the one that `at` is in. */
  find(at: number): Extent | undefined {
    const index = this.findIndex(at)
    if (index === this.count || this.start(index) > at) return undefined
    return { start: this.start(index), end: this.end(index), from: this.from(index) }
  }
}

function twiceAsLong(column: Float64Array): Float64Array {
  const longer = new Float64Array(2 * column.length)
  longer.set(column)
  return longer
}
