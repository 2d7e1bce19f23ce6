import { withGaps } from './gaps.js'
import type { Split } from './modes.js'
import { kernelRegion, type Region } from './region.js'

const MIB = 1n << 20n
const PAGE_SIZE = 0x1000n
const END = 1n << 32n

/** FIXADDR_TOP: above it is one page that nothing uses. */
const FIXADDR_TOP = END - PAGE_SIZE

/** NR_CPUS of i386_defconfig. */
const CPUS = 8n

/** CPU_ENTRY_AREA_PAGES of a CPU, since Linux 5.5 (dc4e0021b00b). */
const ENTRY_AREA_PAGES = 43n

/** `__VMALLOC_RESERVE`: so much of the kernel's part is not for the direct map. */
const VMALLOC_RESERVE = 128n * MIB

/**
 * 32-bit x86 with CONFIG_HIGHMEM and RAM to fill the direct map, configured as i386_defconfig has it:
 * arch/x86/include/asm/pgtable_32_areas.h, as it is since Linux 5.5. There is no hole between the halves.
 */
export function x86_32Reference(pae: boolean, split: Split): Region[] {
  const pageOffset = BigInt(split[0]!) << 30n
  const user: Region = {
    name: 'user space',
    kind: 'user',
    start: 0n,
    end: pageOffset,
    how: `CONFIG_VMSPLIT_${split[0]}G; TASK_SIZE`,
  }
  const kernel = { start: pageOffset, end: END }
  const gap = { name: 'unused hole', kind: 'unused', how: 'kept free' } as const
  return [user, ...withGaps(kernelParts(pageOffset, pae), kernel, gap)]
}

function kernelParts(pageOffset: bigint, pae: boolean): Region[] {
  // PMD_SIZE: what one entry of the lowest table but one maps.
  const size = pae ? 2n * MIB : 4n * MIB
  const down = (address: bigint) => address - (address % size)
  const fixmap = FIXADDR_TOP - BigInt(fixedAddresses(pae)) * PAGE_SIZE
  const entryPages = CPUS * ENTRY_AREA_PAGES + 1n
  const cpuEntryArea = down(fixmap - entryPages * PAGE_SIZE)
  const ldt = down(cpuEntryArea - PAGE_SIZE)
  const pkmap = down(ldt - PAGE_SIZE)
  const vmallocEnd = pkmap - 2n * PAGE_SIZE
  const highMemory = vmallocEnd - VMALLOC_RESERVE
  return [
    kernelRegion(
      'direct map',
      'PAGE_OFFSET',
      pageOffset,
      highMemory,
      'lowmem; the image is 16 MiB above its start',
    ),
    kernelRegion(
      'vmalloc',
      'VMALLOC_START',
      highMemory + 8n * MIB,
      vmallocEnd,
      'modules too; 8 MiB above high_memory',
    ),
    kernelRegion('pkmap', 'PKMAP_BASE', pkmap, pkmap + size, 'kmap() of highmem'),
    kernelRegion(
      'LDT remap',
      'LDT_BASE_ADDR',
      ldt,
      ldt + size,
      'with page-table isolation, by each mm for itself',
    ),
    kernelRegion(
      'cpu_entry_area',
      'CPU_ENTRY_AREA_BASE',
      cpuEntryArea,
      cpuEntryArea + entryPages * PAGE_SIZE,
      `${CPUS} CPUs`,
    ),
    kernelRegion(
      'fixmap',
      'FIXADDR_TOT_START',
      fixmap,
      FIXADDR_TOP,
      'kmap_local_page() too, since Linux 5.11',
    ),
  ]
}

/** KM_MAX_IDX: how many pages a CPU has mapped at a time by kmap_local_page(). */
const KMAP_SLOTS = 16

/** NR_FIX_BTMAPS * FIX_BTMAPS_SLOTS: for early_ioremap(), all of them in one table. */
const BOOT_SLOTS = 512

/** `__end_of_fixed_addresses` (asm/fixmap.h). */
function fixedAddresses(pae: boolean): number {
  // The hole, the debug port, the early console, the APIC, 128 I/O APICs; at the end PCI's, paravirt's.
  const permanent = 4 + 128 + KMAP_SLOTS * Number(CPUS) + 2
  const perTable = pae ? 512 : 1024
  const crosses =
    Math.floor(permanent / perTable) !== Math.floor((permanent + BOOT_SLOTS - 1) / perTable)
  const boot = crosses ? Math.ceil(permanent / BOOT_SLOTS) * BOOT_SLOTS : permanent
  // FIX_WP_TEST
  return boot + BOOT_SLOTS + 1
}
