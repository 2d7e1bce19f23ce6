import { RIGHTS } from './flags.js'

/** The kernel's names of the levels; where it folds one, a mode leaves it out. */
export type LevelName = 'PGD' | 'P4D' | 'PUD' | 'PMD' | 'PTE'

/** A way to translate addresses, as a table that the one walk of this folder interprets. */
export interface PagingMode {
  /** Such as `x86-64, 4 levels`. */
  readonly name: string
  /** 4 or 8 bytes; the low byte comes first on all machines that Linux runs on in these modes. */
  readonly entrySize: 4 | 8
  /** From the root down. */
  readonly levels: readonly Level[]
  /** Which addresses there are. */
  readonly canonical: Canonical
  /** Where the register that holds the root (CR3, TTBR) has the physical address. */
  readonly register: AddressField
}

/** Which addresses a mode translates, and whether the two halves of them have tables of their own. */
export interface Canonical {
  /** Bits from here up must be equal to each other; `flat` modes want them 0. */
  readonly signBit: number
  readonly halves: 'flat' | 'one root' | 'two roots'
}

/** One level: which bits of an address index its table, and what an entry can be. */
export interface Level {
  readonly name: LevelName
  readonly shift: number
  readonly bits: number
  /** An entry that points to a table of the next level; the last level has none. */
  readonly table: EntryShape | undefined
  /** An entry that maps a page of `1 << shift` bytes. */
  readonly page: EntryShape | undefined
  /** A page that Linux keeps where the processor may not use it, if the mode knows of such. */
  readonly protNone: EntryShape | undefined
  /** The bit of the low half that every valid entry has set. */
  readonly present: number
}

/** Which bits of an entry (or register) make a physical address; `Low` and `High` are 32 bits each. */
export interface AddressField {
  readonly addressLow: number
  readonly addressHigh: number
  /** `bits` bits from `from` of the low half on are the address's from `to` (32 or more) on. */
  readonly moved?: { readonly from: number; readonly bits: number; readonly to: number }
}

/** One kind of entry. */
export interface EntryShape extends AddressField {
  /** Whether the bits of the address are stored as their opposites. */
  readonly inverted: boolean
  /** Low bits that tell this kind from the others, and what they are in it. */
  readonly mask: number
  readonly value: number
  /** Bits that must be 0, or the processor faults. */
  readonly reservedLow: number
  readonly reservedHigh: number
  readonly bits: readonly NamedBit[]
  /** Rights that no bit of this kind takes away. */
  readonly granted: number
}

/** A bit with the manual's name for it; where several give the same flag, one of them suffices. */
export interface NamedBit {
  readonly name: string
  readonly bit: number
  /** Flags that the entry has if the bit is `when`. */
  readonly flags?: number
  readonly when?: 0 | 1
}

/** What an {@link EntryShape} is made from. */
export interface ShapeFields {
  readonly mask: number
  readonly value: number
  readonly address: bigint
  readonly reserved?: bigint
  readonly moved?: AddressField['moved']
  readonly inverted?: boolean
  readonly bits: readonly NamedBit[]
}

export function entryShape(fields: ShapeFields): EntryShape {
  const { mask, value, bits, address, moved, reserved = 0n, inverted = false } = fields
  const given = bits.reduce((flags, bit) => flags | (bit.flags ?? 0), 0)
  return {
    mask,
    value,
    bits,
    inverted,
    ...addressField(address, moved),
    reservedLow: low(reserved),
    reservedHigh: high(reserved),
    granted: RIGHTS & ~given,
  }
}

export function addressField(mask: bigint, moved?: AddressField['moved']): AddressField {
  const field = { addressLow: low(mask), addressHigh: high(mask) }
  return moved === undefined ? field : { ...field, moved }
}

/** The bits from `from` up to and with `to`. */
export function bitRange(from: number, to: number): bigint {
  return (1n << BigInt(to + 1)) - (1n << BigInt(from))
}

const low = (mask: bigint) => Number(mask & 0xffff_ffffn)
const high = (mask: bigint) => Number(mask >> 32n)
