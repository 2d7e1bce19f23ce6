import type { KallsymsNames } from './kallsyms_names.js'

/** Bytes of an entry: a big-endian number. */
const ENTRY_SIZE = 3

/** How many pairs of neighbours tell whether the order is one. */
const SAMPLES = 64

/** `kallsyms_seqs_of_names` (Linux 6.2, 60443c88f3a8): the positions of all names, sorted by name. */
export class KallsymsNameOrder {
  constructor(
    private readonly seqs: Uint8Array,
    private readonly names: KallsymsNames,
  ) {}

  /** Bytes that the order of so many names takes. */
  static size(count: number): number {
    return count * ENTRY_SIZE
  }

  /** Whether it looks like one, as far as samples tell. */
  get plausible(): boolean {
    const { count } = this.names
    const step = Math.max(1, Math.floor((count - 1) / SAMPLES))
    for (let rank = 0; rank + 1 < count; rank += step) {
      const [one, next] = [this.seqAt(rank), this.seqAt(rank + 1)]
      if (one >= count || next >= count || this.keyAt(rank) > this.keyAt(rank + 1)) return false
    }
    return true
  }

  /**
   * The positions of a name, in ascending order. Undefined where the order cannot tell: kernels built
   * by Clang with LTO were sorted by what stands before the first dot, and in others that makes no
   * difference, unless there are names with other punctuation beside it.
   */
  positionsOf(name: string): number[] | undefined {
    const found: number[] = []
    const key = keyOf(name)
    for (let rank = this.rankOf(key); rank < this.names.count; rank++) {
      const position = this.seqAt(rank)
      if (position >= this.names.count) return undefined
      const candidate = this.names.nameAt(position)
      if (keyOf(candidate) !== key) break
      if (candidate === name) found.push(position)
    }
    return found.length === 0 && /[.$]/.test(name) ? undefined : found
  }

  /** How many names come before all of this key. */
  private rankOf(key: string): number {
    let low = 0
    let high = this.names.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.keyAt(middle) < key) low = middle + 1
      else high = middle
    }
    return low
  }

  private keyAt(rank: number): string {
    const position = this.seqAt(rank)
    return position < this.names.count ? keyOf(this.names.nameAt(position)) : ''
  }

  private seqAt(rank: number): number {
    const at = ENTRY_SIZE * rank
    return (this.seqs[at]! << 16) | (this.seqs[at + 1]! << 8) | this.seqs[at + 2]!
  }
}

function keyOf(name: string): string {
  const dot = name.indexOf('.')
  return dot === -1 ? name : name.slice(0, dot)
}
