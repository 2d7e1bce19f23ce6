import { Extents } from './extents.js'

/** The same extents in ascending order; where some overlap, the last of the list holds. */
export function withoutOverlaps(written: Extents): Extents {
  const order = inOrderOfStart(written)
  const startOfNext = () =>
    next < order.length ? written.start(order[next]!) : Number.POSITIVE_INFINITY
  const result = new Extents()
  const active = new Latest()
  let next = 0
  let at = 0
  for (;;) {
    while (active.top !== undefined && written.end(active.top) <= at) active.pop()
    if (active.top === undefined) at = startOfNext()
    if (at === Number.POSITIVE_INFINITY) return result
    while (startOfNext() <= at) active.push(order[next++]!)
    const top = active.top!
    const end = Math.min(written.end(top), startOfNext())
    result.add(at, end, written.from(top) + (at - written.start(top)))
    at = end
  }
}

function inOrderOfStart(written: Extents): Uint32Array {
  const order = Uint32Array.from({ length: written.length }, (_, i) => i)
  // Most lists are in order already, and a sort of millions takes long.
  for (let i = 1; i < order.length; i++) {
    if (written.start(i) < written.start(i - 1)) {
      return order.sort((a, b) => written.start(a) - written.start(b))
    }
  }
  return order
}

/** A heap of numbers with the greatest on top. */
class Latest {
  private readonly heap: number[] = []

  get top(): number | undefined {
    return this.heap[0]
  }

  push(value: number): void {
    let at = this.heap.push(value) - 1
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (this.heap[parent]! >= value) break
      this.heap[at] = this.heap[parent]!
      at = parent
    }
    this.heap[at] = value
  }

  pop(): void {
    const value = this.heap.pop()
    const { length } = this.heap
    if (value === undefined || length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child + 1 < length && this.heap[child + 1]! > this.heap[child]!) child++
      if (child >= length || this.heap[child]! <= value) break
      this.heap[at] = this.heap[child]!
      at = child
    }
    this.heap[at] = value
  }
}
