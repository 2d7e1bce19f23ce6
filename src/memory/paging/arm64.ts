import {
  ACCESSED,
  DIRTY,
  GLOBAL,
  KERNEL_EXECUTABLE,
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

/** Bit 0: valid. Bit 1: a table, or a page at the last level; otherwise a block. */
const VALID = 1
const TABLE_OR_PAGE = 2
const TYPE = VALID | TABLE_OR_PAGE

/** Arm ARM D8.3, "Table descriptor": what it takes away holds for all below. */
const TABLE_BITS: readonly NamedBit[] = [
  { name: 'valid', bit: 0 },
  { name: 'table', bit: 1 },
  { name: 'PXNTable', bit: 59, flags: KERNEL_EXECUTABLE, when: 0 },
  { name: 'UXNTable', bit: 60, flags: USER_EXECUTABLE, when: 0 },
  { name: 'APTable[0]', bit: 61, flags: USER, when: 0 },
  { name: 'APTable[1]', bit: 62, flags: WRITABLE, when: 0 },
  { name: 'NSTable', bit: 63 },
]

/**
 * Arm ARM D8.3, "Block and Page descriptors". AP[2] makes a page read-only, unless DBM lets the CPU
 * clear it at the first write; where it is clear, a write has been let through (pte_dirty(); Linux
 * also keeps PTE_DIRTY in bit 55). A page that user mode may only execute has UXN clear without AP[1].
 */
const PAGE_BITS: readonly NamedBit[] = [
  { name: 'valid', bit: 0 },
  { name: 'NS', bit: 5 },
  { name: 'AP[1]', bit: 6, flags: USER, when: 1 },
  { name: 'AP[2]', bit: 7, flags: WRITABLE | DIRTY, when: 0 },
  { name: 'AF', bit: 10, flags: ACCESSED, when: 1 },
  { name: 'nG', bit: 11, flags: GLOBAL, when: 0 },
  { name: 'GP', bit: 50 },
  { name: 'DBM', bit: 51, flags: WRITABLE, when: 1 },
  { name: 'Contiguous', bit: 52 },
  { name: 'PXN', bit: 53, flags: KERNEL_EXECUTABLE, when: 0 },
  { name: 'UXN', bit: 54, flags: USER_EXECUTABLE | USER, when: 0 },
  { name: 'PTE_DIRTY', bit: 55, flags: DIRTY, when: 1 },
]

/** Physical addresses of more than 48 bits: FEAT_LPA for 64 KiB pages, FEAT_LPA2 (TCR.DS) for others. */
type Large = 'LPA' | 'LPA2' | undefined

export interface Arm64Options {
  /** CONFIG_ARM64_PAGE_SHIFT: pages of 4, 16 or 64 KiB. */
  readonly pageShift: 12 | 14 | 16
  /**
   * The bits of virtual addresses that the tables translate: 64 - TCR_EL1.T1SZ, which VMCOREINFO has
   * as NUMBER(TCR_EL1_T1SZ). Linux has 36 (16 KiB pages), 39 (4 KiB), 42 (64 KiB), 47 (16 KiB), 48,
   * and 52 (64 KiB since 5.4, 4 and 16 KiB with LPA2 since 6.9; each falls back to 48 on CPUs without).
   */
  readonly addressBits: number
  /**
   * Whether physical addresses have 52 bits: CONFIG_ARM64_PA_BITS_52, with 64 KiB pages since 4.16,
   * with others the descriptors of LPA2. By default as `addressBits` is 52.
   */
  readonly physical52?: boolean
}

/**
 * The Armv8 and Armv9 translation of EL1 and EL0, stage 1 (Arm ARM D8.2): a table for each half of the
 * addresses, TTBR0 for user space and TTBR1 for the kernel. Linux names the levels by their number:
 * with three levels there is no PUD, with two no PMD.
 */
export function arm64(options: Arm64Options): PagingMode {
  const { pageShift, addressBits, physical52 = addressBits === 52 } = options
  const large: Large = physical52 ? (pageShift === 16 ? 'LPA' : 'LPA2') : undefined
  const stride = pageShift - 3
  const count = Math.ceil((addressBits - pageShift) / stride)
  const levels = levelNames(count).map((name, i) => {
    const shift = pageShift + stride * (count - 1 - i)
    const bits = i === 0 ? addressBits - shift : stride
    return level(name, shift, bits, pageShift, large)
  })
  return {
    name: `arm64, pages of ${2 ** (pageShift - 10)} KiB, ${addressBits} bits`,
    entrySize: 8,
    canonical: { signBit: addressBits, halves: 'two roots' },
    // Bits 5:2 are bits 51:48 of the address, where there are so many.
    register: addressField(
      bitRange(physical52 ? 6 : 1, 47),
      physical52 ? { from: 2, bits: 4, to: 48 } : undefined,
    ),
    levels,
  }
}

function levelNames(count: number): LevelName[] {
  const upper: LevelName[] = ['PGD', 'P4D', 'PUD', 'PMD']
  // P4D is folded first, then PUD, then PMD.
  const kept = { 2: [0], 3: [0, 3], 4: [0, 2, 3], 5: [0, 1, 2, 3] }[count] ?? []
  return [...kept.map((i) => upper[i]!), 'PTE']
}

function level(
  name: LevelName,
  shift: number,
  bits: number,
  pageShift: number,
  large: Large,
): Level {
  const last = shift === pageShift
  const table = shape(TYPE, pageShift, pageShift, large, TABLE_BITS)
  const page = shape(last ? TYPE : VALID, shift, pageShift, large, PAGE_BITS)
  return {
    name,
    shift,
    bits,
    present: VALID,
    protNone: undefined,
    table: last ? undefined : table,
    page: last || hasBlocks(shift, pageShift, large) ? page : undefined,
  }
}

/**
 * Arm ARM D8.3, "Block descriptor": of 1 GiB and 2 MiB with pages of 4 KiB, 32 MiB with 16 KiB and
 * 512 MiB with 64 KiB; where physical addresses have 52 bits, also a level above (512 GiB, 64 GiB, 4 TiB).
 */
function hasBlocks(shift: number, pageShift: number, large: Large): boolean {
  const highest = { 12: 30, 14: 25, 16: 29 }[pageShift]!
  return shift <= highest || (large !== undefined && shift <= highest + pageShift - 3)
}

function shape(
  value: number,
  shift: number,
  pageShift: number,
  large: Large,
  bits: readonly NamedBit[],
): EntryShape {
  const fields = { mask: TYPE, value, bits }
  if (large === 'LPA') {
    const moved = { from: 12, bits: 4, to: 48 }
    return entryShape({ ...fields, address: bitRange(Math.max(shift, pageShift), 47), moved })
  }
  if (large === 'LPA2') {
    return entryShape({
      ...fields,
      address: bitRange(shift, 49),
      moved: { from: 8, bits: 2, to: 50 },
    })
  }
  return entryShape({ ...fields, address: bitRange(shift, 47) })
}
