import type { FaultError } from '../errors.js'
import type { Memory } from '../memory/memory.js'

const PAGE_SHIFT = 12n

interface Part {
  first: bigint
  end: bigint
}

/**
 * Copies of very many structs of one size, taken with one gather. The kernel allocates structs of one
 * kind side by side: one part is read for all that start in a page, not one for each.
 */
export class Copies {
  private readonly parts: (DataView | FaultError)[]
  private readonly partOf: Uint32Array
  /** Where in its part a struct starts. */
  private readonly offsets: Uint32Array

  constructor(
    memory: Memory,
    readonly addresses: readonly bigint[],
    readonly size: number,
    private readonly littleEndian: boolean,
  ) {
    this.partOf = new Uint32Array(addresses.length)
    const parts = partsOf(addresses, BigInt(size), this.partOf)
    this.offsets = Uint32Array.from(addresses, (address, i) => {
      return Number(address - parts[this.partOf[i]!]!.first)
    })
    const ranges = parts.map(({ first, end }) => ({ address: first, length: Number(end - first) }))
    this.parts = memory.gather(ranges).map((bytes) => {
      return bytes instanceof Uint8Array ? viewOf(bytes) : bytes
    })
  }

  get count(): number {
    return this.addresses.length
  }

  /** The copy of one of them. Throws {@link FaultError}. */
  bytes(index: number): Uint8Array {
    const { buffer, byteOffset } = this.part(index)
    return new Uint8Array(buffer, byteOffset + this.offsets[index]!, this.size)
  }

  /** The 64-bit word at an offset in one of them. Throws {@link FaultError}. */
  word(index: number, offset: number): bigint {
    return this.part(index).getBigUint64(this.offsets[index]! + offset, this.littleEndian)
  }

  private part(index: number): DataView {
    const part = this.parts[this.partOf[index]!]!
    if (part instanceof DataView) return part
    throw part
  }
}

function partsOf(addresses: readonly bigint[], size: bigint, partOf: Uint32Array): Part[] {
  const parts: Part[] = []
  const byPage = new Map<bigint, number>()
  addresses.forEach((address, i) => {
    const page = address >> PAGE_SHIFT
    let number = byPage.get(page)
    if (number === undefined) {
      number = parts.push({ first: address, end: address + size }) - 1
      byPage.set(page, number)
    }
    const part = parts[number]!
    if (address < part.first) part.first = address
    if (address + size > part.end) part.end = address + size
    partOf[i] = number
  })
  return parts
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
