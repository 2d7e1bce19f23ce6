import { HOST_LITTLE_ENDIAN } from '../../bytes/byte_order.js'
import { TWO_32 } from './entry.js'
import type { Level, PagingMode } from './mode.js'

/** The halves of an address; 0 to 2^32 - 1 each. */
export interface SplitAddress {
  low: number
  high: number
}

const quad = new BigUint64Array(1)
const words = new Uint32Array(quad.buffer)
const LOW = HOST_LITTLE_ENDIAN ? 0 : 1

/** Splits an address below 2^64 without making a BigInt. */
export function split(address: bigint, into: SplitAddress): SplitAddress {
  quad[0] = address
  into.low = words[LOW]!
  into.high = words[1 - LOW]!
  return into
}

/** Whether the mode translates such addresses: the sign extension of x86-64, the halves of arm64. */
export function isCanonical(mode: PagingMode, { high }: SplitAddress): boolean {
  // All modes have at least 32 bits.
  const { signBit, halves } = mode.canonical
  const top = high >>> (signBit - 32)
  return top === 0 || (halves !== 'flat' && top === 2 ** (64 - signBit) - 1)
}

/** The index into a level's table: pgd_index(), p4d_index(), pud_index(), pmd_index(), pte_index(). */
export function indexAt(level: Level, { low, high }: SplitAddress): number {
  const { shift, bits } = level
  const mask = (1 << bits) - 1
  if (shift >= 32) return (high >>> (shift - 32)) & mask
  if (shift + bits <= 32) return (low >>> shift) & mask
  return ((low >>> shift) | (high << (32 - shift))) & mask
}

/** The offset of an address in the page or table span of `1 << shift` bytes that it is in. */
export function offsetBelow(shift: number, { low, high }: SplitAddress): number {
  if (shift < 32) return (low & ((1 << shift) - 1)) >>> 0
  return (high & ((1 << (shift - 32)) - 1)) * TWO_32 + low
}
