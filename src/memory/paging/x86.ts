import {
  ACCESSED,
  DIRTY,
  GLOBAL,
  KERNEL_EXECUTABLE,
  NO_ACCESS,
  USER,
  USER_EXECUTABLE,
  WRITABLE,
} from './flags.js'
import {
  addressField,
  bitRange,
  type EntryShape,
  entryShape,
  type Level,
  type LevelName,
  type NamedBit,
  type PagingMode,
} from './mode.js'

const P = 1 << 0
const PS = 1 << 7
const PWT_PCD: readonly NamedBit[] = [
  { name: 'PWT', bit: 3 },
  { name: 'PCD', bit: 4 },
]
const XD: NamedBit = { name: 'XD', bit: 63, flags: USER_EXECUTABLE | KERNEL_EXECUTABLE, when: 0 }

const PROTNONE = 1 << 8

/** Of an entry that points to a table; CPUs leave its bits D and G alone. */
const TABLE_BITS: readonly NamedBit[] = [
  { name: 'P', bit: 0 },
  { name: 'R/W', bit: 1, flags: WRITABLE, when: 1 },
  { name: 'U/S', bit: 2, flags: USER, when: 1 },
  ...PWT_PCD,
  { name: 'A', bit: 5, flags: ACCESSED, when: 1 },
]
const PAGE_BITS: readonly NamedBit[] = [
  ...TABLE_BITS,
  { name: 'D', bit: 6, flags: DIRTY, when: 1 },
  { name: 'G', bit: 8, flags: GLOBAL, when: 1 },
]
const SMALL_PAGE_BITS: readonly NamedBit[] = [...PAGE_BITS, { name: 'PAT', bit: 7 }]
const PROT_NONE_BITS: readonly NamedBit[] = [
  { name: 'R/W', bit: 1, flags: WRITABLE, when: 1 },
  { name: 'U/S', bit: 2, flags: USER, when: 1 },
  { name: 'A', bit: 5, flags: ACCESSED, when: 1 },
  { name: 'D', bit: 6, flags: DIRTY, when: 1 },
  { name: 'PROTNONE', bit: 8, flags: NO_ACCESS, when: 1 },
  XD,
]
const LARGE_PAGE_BITS: readonly NamedBit[] = [
  ...PAGE_BITS,
  { name: 'PS', bit: 7 },
  { name: 'PAT', bit: 12 },
]

export interface X86Options {
  /**
   * Bits of entries and CR3 that are no part of the address: the kernel's `sme_me_mask` (AMD SME and
   * SEV: APM volume 2, 7.10 and 15.34; since Linux 4.14) or the shared bit of Intel TDX (since 5.19).
   */
  readonly encrypted?: bigint
  /**
   * Whether pages that Linux keeps without letting the processor use them are pages all the same:
   * those of mprotect(PROT_NONE), and those that NUMA balancing watches for accesses. Their entries
   * have _PAGE_PROTNONE, which is bit 8, and since 4.19 (and its contemporary stable kernels) the
   * opposite of the address's bits, for the sake of L1TF.
   */
  readonly protNone?: boolean
}

/**
 * 4-level paging with pages of 4 KiB, 2 MiB and 1 GiB (Intel SDM volume 3, 4.5; AMD APM volume 2,
 * 5.3), or 5-level paging (Intel SDM volume 3, 4.5; CR4.LA57; Linux since 4.14, decided when it boots
 * since 4.17). With 4 levels the kernel folds the P4D into the PGD.
 */
export function x86_64(levels: 4 | 5, options: X86Options = {}): PagingMode {
  const clear = options.encrypted ?? 0n
  const address = (from: number) => bitRange(from, 51) & ~clear
  const bits = (most: readonly NamedBit[]) => [...most, XD]
  // Bit 7 is reserved where there are no large pages.
  const reservedPs = { mask: P, value: P, reserved: BigInt(PS) }
  const table = { mask: P | PS, value: P, address: address(12), bits: bits(TABLE_BITS) }
  const upper = entryShape({ ...table, ...reservedPs })
  const lower = entryShape(table)
  const large = (shift: number) =>
    entryShape({
      mask: P | PS,
      value: P | PS,
      address: address(shift),
      reserved: bitRange(13, shift - 1) & ~clear,
      bits: bits(LARGE_PAGE_BITS),
    })
  const small = entryShape({ mask: P, value: P, address: address(12), bits: bits(SMALL_PAGE_BITS) })
  const keep = (from: number) => (options.protNone ? protNone(from, address(from)) : undefined)
  return {
    name: `x86-64, ${levels} levels`,
    entrySize: 8,
    canonical: { signBit: levels === 5 ? 56 : 47, halves: 'one root' },
    register: addressField(address(12)),
    levels: [
      ...(levels === 5
        ? [level('PGD', 48, 9, upper, undefined), level('P4D', 39, 9, upper, undefined)]
        : [level('PGD', 39, 9, upper, undefined)]),
      level('PUD', 30, 9, lower, large(30)),
      level('PMD', 21, 9, lower, large(21), keep(21)),
      level('PTE', 12, 9, undefined, small, keep(12)),
    ],
  }
}

/**
 * 32-bit paging with pages of 4 KiB and, by CR4.PSE and PSE-36, of 4 MiB below 1 TiB (Intel SDM
 * volume 3, 4.3).
 */
export function x86_32(): PagingMode {
  const address = bitRange(12, 31)
  const table = entryShape({ mask: P | PS, value: P, address, bits: TABLE_BITS })
  const small = entryShape({ mask: P, value: P, address, bits: SMALL_PAGE_BITS })
  const large = entryShape({
    mask: P | PS,
    value: P | PS,
    address: bitRange(22, 31),
    moved: { from: 13, bits: 8, to: 32 },
    reserved: bitRange(21, 21),
    bits: LARGE_PAGE_BITS,
  })
  return {
    name: 'x86-32, 2 levels',
    entrySize: 4,
    canonical: { signBit: 32, halves: 'flat' },
    register: addressField(address),
    levels: [level('PGD', 22, 10, table, large), level('PTE', 12, 10, undefined, small)],
  }
}

/**
 * PAE paging with pages of 4 KiB and 2 MiB (Intel SDM volume 3, 4.4). The four entries of the PGD
 * have no rights, and the PGD itself is aligned to 32 bytes only.
 */
export function x86Pae(options: X86Options = {}): PagingMode {
  const clear = options.encrypted ?? 0n
  const address = (from: number) => bitRange(from, 51) & ~clear
  const beyond = bitRange(52, 62)
  const bits = (most: readonly NamedBit[]) => [...most, XD]
  const top = entryShape({
    mask: P,
    value: P,
    address: address(12),
    reserved: (bitRange(1, 2) | bitRange(5, 8) | bitRange(52, 63)) & ~clear,
    bits: [{ name: 'P', bit: 0 }, ...PWT_PCD],
  })
  const small = { address: address(12), reserved: beyond }
  const table = entryShape({ ...small, mask: P | PS, value: P, bits: bits(TABLE_BITS) })
  const large = entryShape({
    mask: P | PS,
    value: P | PS,
    address: address(21),
    reserved: (bitRange(13, 20) & ~clear) | beyond,
    bits: bits(LARGE_PAGE_BITS),
  })
  const page = entryShape({ ...small, mask: P, value: P, bits: bits(SMALL_PAGE_BITS) })
  const keep = (from: number) => (options.protNone ? protNone(from, address(from)) : undefined)
  return {
    name: 'x86 PAE, 3 levels',
    entrySize: 8,
    canonical: { signBit: 32, halves: 'flat' },
    register: addressField(bitRange(5, 31)),
    levels: [
      level('PGD', 30, 2, top, undefined),
      level('PMD', 21, 9, table, large, keep(21)),
      level('PTE', 12, 9, undefined, page, keep(12)),
    ],
  }
}

function level(
  name: LevelName,
  shift: number,
  bits: number,
  table: EntryShape | undefined,
  page: EntryShape | undefined,
  protNone?: EntryShape,
): Level {
  return { name, shift, bits, table, page, protNone, present: P }
}

/** A PMD has PS too, or it would be a swap entry. */
function protNone(shift: number, address: bigint): EntryShape {
  const value = PROTNONE | (shift > 12 ? PS : 0)
  return entryShape({ mask: P | value, value, address, inverted: true, bits: PROT_NONE_BITS })
}
