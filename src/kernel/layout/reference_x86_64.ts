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
import { X86 } from './x86_64_names.js'

/** KERNEL_IMAGE_SIZE with CONFIG_RANDOMIZE_BASE; 512 MiB without. */
const KERNEL_IMAGE_SIZE = 1n << 30n

/** `__end_of_permanent_fixed_addresses` as it is with the local and I/O APICs, and little else. */
const FIXED_ADDRESSES = 644n

/** x86-64 where KASLR moves nothing, with all that can be configured: mm.rst, since Linux 4.20. */
export function x86_64Reference(levels: 4 | 5): Region[] {
  const { guardHole, ldt, kasan, ...constants } = x86Constants(levels)
  const image = sized(START_KERNEL_MAP, KERNEL_IMAGE_SIZE)
  const fixmap = { start: fixmapRange(FIXED_ADDRESSES).start, end: VSYSCALL.start }
  return x86Regions(levels, [
    { ...X86.guardHole, ...guardHole, how: 'for hypervisors' },
    { ...X86.ldt, ...ldt, how: 'for page-table isolation, by each mm for itself' },
    {
      ...X86.directMap,
      ...sized(constants.pageOffset, constants.directMapSize),
      how: 'all RAM; KASLR moves it',
    },
    {
      ...X86.vmalloc,
      ...sized(constants.vmalloc, constants.vmallocSize),
      how: 'vmalloc(), ioremap(), kernel stacks; KASLR moves it',
    },
    {
      ...X86.vmemmap,
      ...sized(constants.vmemmap, constants.vmemmapSize),
      how: 'a struct page for each page of RAM; KASLR moves it',
    },
    { ...X86.kasan, ...kasan, how: 'with CONFIG_KASAN' },
    {
      ...X86.cpuEntryArea,
      ...CPU_ENTRY_AREA,
      how: 'since Linux 4.15; at random places in it since 6.2',
    },
    { ...X86.espfix, ...ESPFIX, how: 'stacks for returns to 16-bit segments' },
    { ...X86.efi, ...EFI, how: 'mapped by efi_mm alone' },
    { ...X86.image, ...image, how: 'KASLR moves the image within it' },
    { ...X86.modules, start: image.end, end: MODULES_END, how: 'behind the image' },
    { ...X86.fixmap, ...fixmap, how: 'its size depends on the configuration' },
    { ...X86.vsyscall, ...VSYSCALL, how: 'a page of the fixmap that user mode may call' },
  ])
}
