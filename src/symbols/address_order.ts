import { HOST_LITTLE_ENDIAN } from '../bytes/byte_order.js'

/**
 * Positions of addresses in ascending order, equal ones in the order of the source. The kernel's own
 * symbols come in this order; those of modules follow in none.
 */
export class AddressOrder {
  private readonly order: Uint32Array | undefined

  constructor(private readonly addresses: BigUint64Array) {
    const halves = new Halves(addresses)
    if (halves.isAscending(addresses.length)) return
    // Not the sort of typed arrays, which takes no advantage of what is in order already.
    const positions = Array.from(addresses, (_, position) => position)
    this.order = Uint32Array.from(positions.sort((a, b) => halves.compare(a, b) || a - b))
  }

  /** The position of the `rank`th lowest address. */
  positionAt(rank: number): number {
    return this.order === undefined ? rank : this.order[rank]!
  }

  /** The `rank`th lowest address; undefined behind the last. */
  addressAt(rank: number): bigint | undefined {
    return this.addresses[this.positionAt(rank)]
  }

  /** How many addresses are below this one. */
  rankOf(address: bigint): number {
    let low = 0
    let high = this.addresses.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.addressAt(middle)! < address) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** 64-bit addresses as 32-bit halves, which are quicker to compare than bigints. */
class Halves {
  private readonly halves: Uint32Array

  constructor(addresses: BigUint64Array) {
    this.halves = new Uint32Array(addresses.buffer, addresses.byteOffset, addresses.length * 2)
  }

  /** Negative if the address at position `a` is below the one at `b`, 0 if it is the same. */
  compare(a: number, b: number): number {
    const { halves } = this
    return (
      halves[2 * a + HIGH]! - halves[2 * b + HIGH]! || halves[2 * a + LOW]! - halves[2 * b + LOW]!
    )
  }

  isAscending(count: number): boolean {
    for (let i = 1; i < count; i++) if (this.compare(i - 1, i) > 0) return false
    return true
  }
}

const LOW = HOST_LITTLE_ENDIAN ? 0 : 1
const HIGH = 1 - LOW
