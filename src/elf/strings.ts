import { textOf } from '../bytes/text.js'

/** A string table (SHT_STRTAB): NUL-terminated names, found by their offset. */
export class ElfStrings {
  private text: string | undefined
  private ends: Uint32Array | undefined

  constructor(private readonly bytes: Uint8Array) {}

  /** The name at `offset`; undefined if it starts or ends outside of the table. */
  at(offset: number): string | undefined {
    // One decode of the whole table costs less than a hundred thousand small ones.
    this.text ??= textOf(this.bytes)
    const end = this.endOf(offset)
    return end === undefined ? undefined : this.text.slice(offset, end)
  }

  /** Names may overlap (one may be the tail of another), so that a scan for each could be slow. */
  private endOf(offset: number): number | undefined {
    this.ends ??= positionsOfNul(this.bytes)
    let low = 0
    let high = this.ends.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.ends[middle]! < offset) low = middle + 1
      else high = middle
    }
    return this.ends[low]
  }
}

function positionsOfNul(bytes: Uint8Array): Uint32Array {
  let count = 0
  for (const byte of bytes) if (byte === 0) count++
  const positions = new Uint32Array(count)
  let next = 0
  for (let at = bytes.indexOf(0); at !== -1; at = bytes.indexOf(0, at + 1)) positions[next++] = at
  return positions
}
