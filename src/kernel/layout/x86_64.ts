import type { AddressRange } from '../../symbols/areas.js'
import { withGaps } from './gaps.js'
import { type Region, sized, TOP } from './region.js'

/**
 * What Linux for x86-64 has at the same addresses in each boot, by the levels of its page tables:
 * Documentation/arch/x86/x86_64/mm.rst, arch/x86/include/asm/pgtable_64_types.h and page_64_types.h.
 * As it is since 4.20 (d52888aa2753), which moved the direct map up and the LDT below it.
 */
export interface X86Constants {
  /** GUARD_HOLE_BASE_ADDR and GUARD_HOLE_END_ADDR; hypervisors (Xen PV) use it. */
  readonly guardHole: AddressRange
  /** LDT_BASE_ADDR and LDT_END_ADDR. */
  readonly ldt: AddressRange
  /** `__PAGE_OFFSET_BASE_L4` or `_L5`: PAGE_OFFSET without KASLR. */
  readonly pageOffset: bigint
  /** Without KASLR so much is kept for the direct map; more than RAM there can be (MAXMEM) with 5 levels. */
  readonly directMapSize: bigint
  /** `__VMALLOC_BASE_L4` or `_L5`: VMALLOC_START without KASLR. */
  readonly vmalloc: bigint
  /** VMALLOC_SIZE_TB */
  readonly vmallocSize: bigint
  /** `__VMEMMAP_BASE_L4` or `_L5`: VMEMMAP_START without KASLR. */
  readonly vmemmap: bigint
  readonly vmemmapSize: bigint
  /** KASAN_SHADOW_START and KASAN_SHADOW_END; kernels with it do without KASLR of these regions. */
  readonly kasan: AddressRange
}

const TB = 1n << 40n
const PB = 1n << 50n

const LEVELS_4: X86Constants = {
  guardHole: sized(0xffff_8000_0000_0000n, 8n * TB),
  ldt: sized(0xffff_8800_0000_0000n, TB / 2n),
  pageOffset: 0xffff_8880_0000_0000n,
  directMapSize: 64n * TB,
  vmalloc: 0xffff_c900_0000_0000n,
  vmallocSize: 32n * TB,
  vmemmap: 0xffff_ea00_0000_0000n,
  vmemmapSize: TB,
  kasan: { start: 0xffff_ec00_0000_0000n, end: 0xffff_fc00_0000_0000n },
}

const LEVELS_5: X86Constants = {
  guardHole: sized(0xff00_0000_0000_0000n, 4n * PB),
  ldt: sized(0xff10_0000_0000_0000n, PB / 4n),
  pageOffset: 0xff11_0000_0000_0000n,
  directMapSize: 32n * PB,
  vmalloc: 0xffa0_0000_0000_0000n,
  vmallocSize: 12800n * TB,
  vmemmap: 0xffd4_0000_0000_0000n,
  vmemmapSize: PB / 2n,
  kasan: { start: 0xffdf_fc00_0000_0000n, end: 0xffff_fc00_0000_0000n },
}

export const x86Constants = (levels: 4 | 5): X86Constants => (levels === 4 ? LEVELS_4 : LEVELS_5)

/** CPU_ENTRY_AREA_BASE: one entry of a P4D; up to it KASLR moves regions. Since 4.15 (92a0f81d8957). */
export const CPU_ENTRY_AREA = sized(0xffff_fe00_0000_0000n, TB / 2n)
/** ESPFIX_BASE_ADDR: one entry of a P4D. */
export const ESPFIX = sized(0xffff_ff00_0000_0000n, TB / 2n)
/** EFI_VA_END and EFI_VA_START, which is the upper of the two. */
export const EFI = { start: 0xffff_ffef_0000_0000n, end: 0xffff_ffff_0000_0000n }
/** `__START_KERNEL_map` */
export const START_KERNEL_MAP = 0xffff_ffff_8000_0000n
/** MODULES_END, with CONFIG_DEBUG_KMAP_LOCAL_FORCE_MAP 16 MiB less (Linux 5.11). */
export const MODULES_END = 0xffff_ffff_ff00_0000n
/** VSYSCALL_ADDR: the only page of the kernel's half that user mode may call. */
export const VSYSCALL = sized(0xffff_ffff_ff60_0000n, 0x1000n)
/** FIXADDR_TOP: the page of index 0 of `enum fixed_addresses`, and the highest. */
export const FIXADDR_TOP = 0xffff_ffff_ff7f_f000n

/** The user's half, the hole that is not canonical, and the kernel's half. */
function x86Halves(levels: 4 | 5): {
  user: AddressRange
  hole: AddressRange
  kernel: AddressRange
} {
  const half = 1n << BigInt(11 + 9 * levels)
  return {
    user: { start: 0n, end: half },
    hole: { start: half, end: TOP - half },
    kernel: { start: TOP - half, end: TOP },
  }
}

/** All addresses, in ascending order: `parts` are those of the kernel's half. */
export function x86Regions(levels: 4 | 5, parts: readonly Region[]): Region[] {
  const { user, hole, kernel } = x86Halves(levels)
  const how = `${levels}-level paging has ${12 + 9 * levels} address bits`
  return [
    { name: 'user space', kind: 'user', ...user, how },
    { name: 'non-canonical hole', kind: 'hole', ...hole, how },
    ...withGaps(parts, kernel, {
      name: 'unused hole',
      kind: 'unused',
      how: 'nothing is placed here',
    }),
  ]
}
