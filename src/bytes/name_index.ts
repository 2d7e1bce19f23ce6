/** FNV-1a, 32 bits: the hash of no bytes, and of one byte more. */
export const EMPTY_HASH = 0x811c9dc5
export const hashByte = (hash: number, byte: number) => Math.imul(hash ^ byte, 0x01000193)

/** The hash of a name, a byte for each of its characters. */
export function hashName(name: string): number {
  let hash = EMPTY_HASH
  for (let i = 0; i < name.length; i++) hash = hashByte(hash, name.charCodeAt(i))
  return hash >>> 0
}

/** A hash table from names to the positions of what bears them, as arrays of numbers. */
export class NameIndex {
  private readonly heads: Int32Array
  private readonly next: Int32Array
  private readonly mask: number

  /** For positions below `count`, of which those to be found are yet to be added. */
  constructor(count: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, count)))
    this.mask = slots - 1
    this.heads = new Int32Array(slots).fill(-1)
    this.next = new Int32Array(count)
  }

  /** Positions are found in the opposite order of their being added. */
  add(position: number, hash: number): void {
    const slot = hash & this.mask
    this.next[position] = this.heads[slot]!
    this.heads[slot] = position
  }

  /** Positions whose name may have this hash; the caller compares the names. */
  *candidates(hash: number): Generator<number> {
    for (let i = this.heads[hash & this.mask]!; i !== -1; i = this.next[i]!) yield i
  }
}
