import type { KernelImageMap } from './image_map.js'
import type { Kernel } from './kernel.js'
import { isLinux } from './version.js'

/** What an entry that is not present, but not 0 either, stands for. */
export type AbsentEntry =
  /** The page is in swap. */
  | 'swap'
  /** The page is in memory: it may not be touched, is being moved, or a device has it. */
  | 'page'
  /** MADV_GUARD_INSTALL (Linux 6.13): an access is an error. */
  | 'guard'
  /** No page, only a note for when there will be one: userfaultfd's write protection, a bad page. */
  | 'marker'

/** Where an entry has a `swp_entry_t`; bits from 32 up are those of the high half. */
interface SwapLayout {
  readonly typeBit: number
  readonly offsetBit: number
  /** Whether the offset is stored as its opposite. */
  readonly inverted: boolean
  /** Set in what is no swap entry, but a page that may not be touched, where paging modes know none. */
  readonly noAccessBit?: number
}

function swapLayout(kernel: Kernel, machine: KernelImageMap['machine']): SwapLayout {
  // arch/x86/include/asm/pgtable_64.h; inverted since Linux 4.19 against L1TF.
  if (machine === 'x86_64') return { typeBit: 59, offsetBit: 9, inverted: true }
  // arch/arm64/include/asm/pgtable.h: PTE_PROT_NONE, since Linux 6.10 PTE_PRESENT_INVALID.
  return isLinux(kernel, 6, 10)
    ? { typeBit: 6, offsetBit: 12, inverted: false, noAccessBit: 11 }
    : { typeBit: 3, offsetBit: 8, inverted: false, noAccessBit: 58 }
}

/**
 * MAX_SWAPFILES where every option is set that takes types away: 32 less those of device memory,
 * migration, bad pages and markers. Nobody has as many swap areas.
 */
const FIRST_SPECIAL_TYPE = 23

/** SWP_PTE_MARKER: the last type (Linux 5.19). */
const MARKER_TYPE = 31

/** PTE_MARKER_GUARD */
const GUARD_BIT = 4

/**
 * Tells entries apart that are not present (`is_swap_pte()`): swap entries, those that hold a page
 * (`is_pfn_swap_entry()`), and markers (`is_pte_marker_entry()`). An entry is given as its halves.
 */
export function absentEntryReader(
  kernel: Kernel,
  machine: KernelImageMap['machine'],
): (low: number, high: number) => AbsentEntry {
  const { typeBit, offsetBit, inverted, noAccessBit } = swapLayout(kernel, machine)
  const hasMarkers = isLinux(kernel, 5, 19)
  return (low, high) => {
    if (noAccessBit !== undefined && bitsFrom(noAccessBit, 1, low, high) === 1) return 'page'
    const type = bitsFrom(typeBit, 31, low, high)
    if (type < FIRST_SPECIAL_TYPE) return 'swap'
    if (type !== MARKER_TYPE || !hasMarkers) return 'page'
    const offset = (inverted ? ~low : low) >>> offsetBit
    return (offset & GUARD_BIT) === 0 ? 'marker' : 'guard'
  }
}

function bitsFrom(bit: number, mask: number, low: number, high: number): number {
  return (bit < 32 ? low >>> bit : high >>> (bit - 32)) & mask
}
