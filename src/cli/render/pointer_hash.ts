import { randomBytes } from 'node:crypto'

/** So many hashes are drawn at once. */
const BATCH = 4096

/** 8 hexadecimal digits: as wide as the kernel's own hash of `%p`. */
const DIGITS = 8

/**
 * Random digits in the place of an address. They are drawn when an address is first seen, so nothing
 * leads back to the address; the same address has the same digits as long as this object lives.
 */
export class PointerHash {
  private readonly seen = new Map<bigint, string>()
  private random = ''
  private used = 0

  of(address: bigint): string {
    const known = this.seen.get(address)
    if (known !== undefined) return known
    const drawn = this.draw()
    this.seen.set(address, drawn)
    return drawn
  }

  private draw(): string {
    if (this.used === this.random.length) {
      this.random = randomBytes((BATCH * DIGITS) / 2).toString('hex')
      this.used = 0
    }
    this.used += DIGITS
    return this.random.slice(this.used - DIGITS, this.used)
  }
}
