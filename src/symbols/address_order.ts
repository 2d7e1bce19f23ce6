import { HOST_LITTLE_ENDIAN } from '../bytes/byte_order.js'

/**
 * Positions of addresses in ascending order, equal ones in the order of the source. The kernel's own
 * symbols come in this order; those of modules follow in none.
 */
export class AddressOrder {
  private readonly order: Uint32Array | undefined

  constructor(private readonly addresses: BigUint64Array) {
    if (!isAscending(addresses)) this.order = sortedPositions(addresses)
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

function isAscending(addresses: BigUint64Array): boolean {
  for (let i = 1; i < addresses.length; i++) {
    if (addresses[i - 1]! > addresses[i]!) return false
  }
  return true
}

/** Compares halves, as numbers are quicker to compare than bigints. */
function sortedPositions(addresses: BigUint64Array): Uint32Array {
  const halves = new Uint32Array(addresses.buffer, addresses.byteOffset, addresses.length * 2)
  const low = HOST_LITTLE_ENDIAN ? 0 : 1
  const compare = (a: number, b: number) =>
    halves[2 * a + 1 - low]! - halves[2 * b + 1 - low]! ||
    halves[2 * a + low]! - halves[2 * b + low]! ||
    a - b
  // Not the sort of typed arrays, which takes no advantage of what is in order already.
  return Uint32Array.from(Array.from(addresses, (_, position) => position).sort(compare))
}
