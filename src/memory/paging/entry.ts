import type { AddressField, EntryShape, Level } from './mode.js'

/**
 * Entries are taken as two numbers of 32 bits and physical addresses, which have at most 52 bits, as
 * one: walks that make no BigInt for each entry are several times as fast.
 */
export const TWO_32 = 2 ** 32

/** The physical address in an entry or register. */
export function addressIn(field: AddressField, low: number, high: number): number {
  let address = ((low & field.addressLow) >>> 0) + ((high & field.addressHigh) >>> 0) * TWO_32
  const { moved } = field
  if (moved !== undefined) {
    address += ((low >>> moved.from) & ((1 << moved.bits) - 1)) * (1 << (moved.to - 32)) * TWO_32
  }
  return address
}

/** What an entry is: a table or page (perhaps without access) of its level, or why it is neither. */
export type EntryKind = EntryShape | 'not present' | 'reserved'

export function kindOf(level: Level, low: number, high: number): EntryKind {
  const { page, table, present } = level
  if ((low & present) === 0) return whereNotPresent(level, low)
  const shape = page && (low & page.mask) === page.value ? page : table
  if (shape !== undefined && (low & shape.mask) === shape.value) {
    const reserved = (low & shape.reservedLow) | (high & shape.reservedHigh)
    return reserved === 0 ? shape : 'reserved'
  }
  return 'reserved'
}

/** pte_present() and pmd_present() of Linux tell pages without any access from other things. */
function whereNotPresent({ protNone }: Level, low: number): EntryKind {
  const kept = protNone !== undefined && (low & protNone.mask) === protNone.value
  return kept ? protNone : 'not present'
}

/** The physical address of the table or page that an entry of this kind leads to. */
export function targetOf(shape: EntryShape, low: number, high: number): number {
  return shape.inverted ? addressIn(shape, ~low, ~high) : addressIn(shape, low, high)
}

/** The flags of flags.ts that an entry has. */
export function flagsIn(shape: EntryShape, low: number, high: number): number {
  let flags = shape.granted
  for (const { bit, flags: given, when } of shape.bits) {
    if (given !== undefined && bitOf(bit, low, high) === when) flags |= given
  }
  return flags
}

/** The manual's names of the bits that are set. */
export function bitNames(shape: EntryShape, low: number, high: number): string[] {
  return shape.bits.filter(({ bit }) => bitOf(bit, low, high) === 1).map(({ name }) => name)
}

function bitOf(bit: number, low: number, high: number): number {
  return bit < 32 ? (low >>> bit) & 1 : (high >>> (bit - 32)) & 1
}
