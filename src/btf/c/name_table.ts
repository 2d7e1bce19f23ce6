/**
 * How often each name was added, told by its text and not by its offset, as the strings of BTF may
 * hold a name twice. A hash table with open addressing, twice as large as it has names at least.
 */
export class NameTable {
  /** Offset of a slot's name plus 1; 0 for a free slot. */
  private names = new Uint32Array(1 << 16)
  private times = new Uint32Array(1 << 16)
  /** The type for which a name was added first. */
  private firsts = new Uint32Array(1 << 16)
  private used = 0

  constructor(private readonly strings: Uint8Array) {}

  /** Adds the name at `offset` for type `id` and tells how often it was added by now. */
  add(offset: number, id: number): number {
    const slot = this.slotOf(offset)
    const times = this.times[slot]! + 1
    this.times[slot] = times
    if (times === 1) {
      this.names[slot] = offset + 1
      this.firsts[slot] = id
      if (++this.used * 2 > this.names.length) this.grow()
    }
    return times
  }

  /** The first type for which the name was added. */
  first(offset: number): number | undefined {
    const slot = this.slotOf(offset)
    return this.times[slot] === 0 ? undefined : this.firsts[slot]
  }

  private slotOf(offset: number): number {
    const { strings, names } = this
    // FNV-1a.
    let hash = 0x811c9dc5
    for (let i = offset; strings[i] !== 0; i++) hash = Math.imul(hash ^ strings[i]!, 0x01000193)
    let slot = (hash ^ (hash >>> 15)) & (names.length - 1)
    for (;;) {
      const name = names[slot]!
      if (name === 0 || name === offset + 1 || this.same(name - 1, offset)) return slot
      slot = (slot + 1) & (names.length - 1)
    }
  }

  private same(a: number, b: number): boolean {
    const { strings } = this
    let i = 0
    while (strings[a + i] !== 0 && strings[a + i] === strings[b + i]) i++
    return strings[a + i] === strings[b + i]
  }

  private grow(): void {
    const { names, times, firsts } = this
    this.names = new Uint32Array(names.length * 2)
    this.times = new Uint32Array(names.length * 2)
    this.firsts = new Uint32Array(names.length * 2)
    names.forEach((name, old) => {
      if (name === 0) return
      const slot = this.slotOf(name - 1)
      this.names[slot] = name
      this.times[slot] = times[old]!
      this.firsts[slot] = firsts[old]!
    })
  }
}
