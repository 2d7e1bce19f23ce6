import { fixmapRange } from './fixmap.js'
import { type Region, sized } from './region.js'
import {
  CPU_ENTRY_AREA,
  EFI,
  ESPFIX,
  MODULES_END,
  START_KERNEL_MAP,
  VSYSCALL,
  x86Constants,
  x86Regions,
} from './x86_64.js'

/** KERNEL_IMAGE_SIZE with CONFIG_RANDOMIZE_BASE; 512 MiB without. */
const KERNEL_IMAGE_SIZE = 1n << 30n

/** `__end_of_permanent_fixed_addresses` as it is with the local and I/O APICs, and little else. */
const FIXED_ADDRESSES = 644n

/** x86-64 without KASLR, with all that can be configured: mm.rst, since Linux 4.20. */
export function x86_64Reference(levels: 4 | 5): Region[] {
  const constants = x86Constants(levels)
  const { guardHole, ldt, kasan } = constants
  const directMap = sized(constants.pageOffset, constants.directMapSize)
  const vmalloc = sized(constants.vmalloc, constants.vmallocSize)
  const vmemmap = sized(constants.vmemmap, constants.vmemmapSize)
  const region = (name: string, macro: string, range: Pick<Region, 'start' | 'end'>, how: string) =>
    ({ name, kind: 'kernel', macro, ...range, how }) as const
  const moved = 'without KASLR'
  const same = 'the same in each boot'
  return x86Regions(levels, [
    {
      ...region('guard hole', 'GUARD_HOLE_BASE_ADDR', guardHole, 'for hypervisors'),
      kind: 'unused',
    },
    region('LDT remap', 'LDT_BASE_ADDR', ldt, 'with page-table isolation, by each mm for itself'),
    region('direct map', 'PAGE_OFFSET', directMap, `${moved}; maps all RAM`),
    region('vmalloc', 'VMALLOC_START', vmalloc, moved),
    region('vmemmap', 'VMEMMAP_START', vmemmap, `${moved}; a struct page for each page of RAM`),
    region('KASAN shadow', 'KASAN_SHADOW_START', kasan, 'with CONFIG_KASAN'),
    region('cpu_entry_area', 'CPU_ENTRY_AREA_BASE', CPU_ENTRY_AREA, `${same}, since Linux 4.15`),
    region('espfix', 'ESPFIX_BASE_ADDR', ESPFIX, same),
    region('EFI runtime', 'EFI_VA_END', EFI, `${same}; mapped by efi_mm alone`),
    region(
      'kernel image',
      '__START_KERNEL_map',
      sized(START_KERNEL_MAP, KERNEL_IMAGE_SIZE),
      'KASLR moves the image within it; 512 MiB without CONFIG_RANDOMIZE_BASE',
    ),
    region(
      'modules',
      'MODULES_VADDR',
      { start: START_KERNEL_MAP + KERNEL_IMAGE_SIZE, end: MODULES_END },
      'behind the image',
    ),
    region(
      'fixmap',
      'FIXADDR_START',
      { start: fixmapRange(FIXED_ADDRESSES).start, end: VSYSCALL.start },
      'its size depends on the configuration',
    ),
    region('vsyscall', 'VSYSCALL_ADDR', VSYSCALL, same),
  ])
}
