/** So many random numbers are drawn at once. */
const BATCH = 1024

/**
 * A number of 32 bits in the place of an address, as wide as the kernel's own hash of `%p`. It is
 * drawn when an address is first seen, so nothing leads back to the address; the same address has
 * the same number as long as this object lives.
 */
export class PointerHash {
  private readonly seen = new Map<bigint, number>()
  private readonly random = new Uint32Array(BATCH)
  private left = 0

  of(address: bigint): number {
    const known = this.seen.get(address)
    if (known !== undefined) return known
    if (this.left === 0) {
      crypto.getRandomValues(this.random)
      this.left = BATCH
    }
    const drawn = this.random[--this.left]!
    this.seen.set(address, drawn)
    return drawn
  }
}
