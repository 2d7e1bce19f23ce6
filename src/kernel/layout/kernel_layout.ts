import { PermissionError, UnsupportedError } from '../../errors.js'
import type { Fact } from '../fact.js'
import { kernelImageMap } from '../image_map.js'
import type { Kernel } from '../kernel.js'
import { fixmapOf } from './fixmap.js'
import { withGaps } from './gaps.js'
import { highMemory } from './high_memory.js'
import { imageSections } from './image_sections.js'
import { endOfMappings } from './mapped.js'
import type { Region } from './region.js'
import { vmallocStart } from './vmalloc_start.js'
import { vmemmapStart } from './vmemmap_start.js'
import {
  CPU_ENTRY_AREA,
  EFI,
  ESPFIX,
  MODULES_END,
  START_KERNEL_MAP,
  VSYSCALL,
  type X86Constants,
  x86Constants,
  x86Regions,
} from './x86_64.js'

const known = new WeakMap<Kernel, readonly Region[]>()

/**
 * What the virtual addresses of a kernel are set aside for, all 2^64 of them in ascending order, as this
 * boot has it (KASLR). Found out once. For x86-64; throws {@link UnsupportedError} for other kernels.
 */
export function kernelLayout(kernel: Kernel): readonly Region[] {
  let regions = known.get(kernel)
  if (regions === undefined) {
    regions = lookAt(kernel)
    known.set(kernel, regions)
  }
  return regions
}

/** The region that an address is in. */
export function regionOf(kernel: Kernel, address: bigint): Region {
  const region = kernelLayout(kernel).find(({ start, end }) => start <= address && address < end)
  if (region !== undefined) return region
  throw new UnsupportedError('no region', `0x${address.toString(16)} is no address of 64 bits`)
}

function lookAt(kernel: Kernel): Region[] {
  const { machine, levels } = kernelImageMap(kernel.vmcoreinfo)
  if (machine !== 'x86_64' || (levels !== 4 && levels !== 5)) {
    throw new UnsupportedError(
      'cannot tell the layout of the address space',
      `it is known for x86-64, and this kernel is for ${machine}`,
      'ksight layout --mode shows what kernels of other machines have',
    )
  }
  const constants = x86Constants(levels)
  const moduleArea = modules(kernel)
  return x86Regions(levels, [
    ...reserved(kernel, constants),
    ...randomized(kernel, constants),
    ...fixed(kernel, constants),
    ...image(kernel, moduleArea.start),
    moduleArea,
    ...fixmapParts(kernel),
  ])
}

/** Below the direct map. */
function reserved(kernel: Kernel, { guardHole, ldt }: X86Constants): Region[] {
  const hole: Region = {
    name: 'guard hole',
    kind: 'unused',
    ...guardHole,
    macro: 'GUARD_HOLE_BASE_ADDR',
    how: 'the same in each boot; kept free for hypervisors',
  }
  return [
    hole,
    ...ifBuilt(kernel, 'ldt_arch_exit_mmap', {
      name: 'LDT remap',
      kind: 'kernel',
      ...ldt,
      macro: 'LDT_BASE_ADDR',
      how: 'the same in each boot; used with page-table isolation, by each mm for itself',
    }),
  ]
}

/** What KASLR moves (CONFIG_RANDOMIZE_MEMORY). */
function randomized(kernel: Kernel, { vmallocSize }: X86Constants): Region[] {
  const ramEnd = highMemory(kernel)
  const vmalloc = vmallocStart(kernel, ramEnd.address)
  const vmemmap = vmemmapStart(kernel)
  const pageOffset = kernel.pageOffset
  return [
    {
      name: 'direct map',
      kind: 'kernel',
      start: pageOffset,
      end: ramEnd.address,
      macro: 'PAGE_OFFSET',
      moved: 'memory',
      how: `start: ${pageOffsetHow(kernel)}; end: ${ramEnd.how}`,
    },
    ...vmallocParts(kernel, vmalloc.address, vmallocSize, vmalloc.how),
    {
      name: 'vmemmap',
      kind: 'kernel',
      start: vmemmap.address,
      end: vmemmapEnd(kernel, vmemmap.address, ramEnd.address - pageOffset),
      macro: 'VMEMMAP_START',
      moved: 'memory',
      how: `start: ${vmemmap.how}; end: a struct page for each page of RAM`,
    },
  ]
}

function pageOffsetHow(kernel: Kernel): string {
  const isPageOffset = (fact: Fact<unknown> | Error): fact is Fact<unknown> =>
    !(fact instanceof Error) && fact.name === 'PAGE_OFFSET'
  return kernel.facts().find(isPageOffset)?.how ?? 'the direct map'
}

/** With KMSAN (Linux 6.1) vmalloc() keeps a quarter; the rest has shadow and origins of it and of modules. */
function vmallocParts(kernel: Kernel, start: bigint, size: bigint, how: string): Region[] {
  const end = start + size
  const vmalloc: Region = {
    name: 'vmalloc',
    kind: 'kernel',
    start,
    end,
    macro: 'VMALLOC_START',
    moved: 'memory',
    how,
  }
  if (!kernel.space.has('page', 'kmsan_shadow')) return [vmalloc]
  const quarter = start + size / 4n
  return [
    { ...vmalloc, end: quarter },
    { name: 'KMSAN metadata', kind: 'kernel', start: quarter, end, moved: 'memory', how },
  ]
}

/** RAM gets its struct pages by whole sections (SECTION_SIZE_BITS). */
function vmemmapEnd(kernel: Kernel, start: bigint, ram: bigint): bigint {
  const section = 1n << (kernel.vmcoreinfo.number('SECTION_SIZE_BITS') ?? 27n)
  const pages = ((ram + section - 1n) / section) * (section >> 12n)
  return start + pages * BigInt(kernel.space.struct('page').type.size)
}

/** Up to the kernel's image. */
function fixed(kernel: Kernel, { kasan }: X86Constants): Region[] {
  const how = 'the same in each boot'
  return [
    ...ifBuilt(kernel, 'kasan_check_range', {
      name: 'KASAN shadow',
      kind: 'kernel',
      ...kasan,
      macro: 'KASAN_SHADOW_START',
      how,
    }),
    {
      name: 'cpu_entry_area',
      kind: 'kernel',
      ...CPU_ENTRY_AREA,
      macro: 'CPU_ENTRY_AREA_BASE',
      how,
    },
    ...ifBuilt(kernel, 'init_espfix_ap', {
      name: 'espfix',
      kind: 'kernel',
      ...ESPFIX,
      macro: 'ESPFIX_BASE_ADDR',
      how,
    }),
    ...ifBuilt(kernel, 'efi_call_virt_save_flags', {
      name: 'EFI runtime',
      kind: 'kernel',
      ...EFI,
      macro: 'EFI_VA_END',
      how: `${how}; mapped by efi_mm alone`,
    }),
  ]
}

/** The sections, with what the linker has placed between them and what is mapped behind the last. */
function image(kernel: Kernel, end: bigint): Region[] {
  const sections = imageSections(kernel)
  const first = sections[0]
  const last = sections.at(-1)
  if (first === undefined || last === undefined) return []
  const mapped = endOfMappings(kernel, { start: last.end, end })
  return withGaps(
    sections,
    { start: first.start, end: mapped },
    {
      name: 'kernel image, other',
      kind: 'kernel',
      moved: 'image',
      how: 'page tables: mapped between the sections and behind them',
    },
  )
}

/**
 * MODULES_VADDR: behind the KERNEL_IMAGE_SIZE bytes in which KASLR may put the image, which VMCOREINFO
 * tells; these are 1 GiB with CONFIG_RANDOMIZE_BASE, and 512 MiB without.
 */
function modules(kernel: Kernel): Region {
  const size = kernel.vmcoreinfo.number('KERNEL_IMAGE_SIZE') ?? 1n << 30n
  return {
    name: 'modules',
    kind: 'kernel',
    start: START_KERNEL_MAP + size,
    end: MODULES_END,
    macro: 'MODULES_VADDR',
    how: 'behind NUMBER(KERNEL_IMAGE_SIZE) of VMCOREINFO',
  }
}

/** Above the modules. */
function fixmapParts(kernel: Kernel): Region[] {
  const fixmap = fixmapOf(kernel.types)
  const vsyscall: Region = {
    name: 'vsyscall',
    kind: 'kernel',
    ...VSYSCALL,
    macro: 'VSYSCALL_ADDR',
    how: 'the same in each boot; user mode may call it',
  }
  if (fixmap === undefined) return [vsyscall]
  const { start, end } = fixmap
  const below: Region = {
    name: 'fixmap',
    kind: 'kernel',
    start,
    end: fixmap.vsyscall ? VSYSCALL.start : end,
    macro: 'FIXADDR_START',
    how: 'enum fixed_addresses in BTF',
  }
  return fixmap.vsyscall ? [below, vsyscall] : [below]
}

/** What a kernel has only if it was built with it, which a function tells; who may see no symbols cannot say. */
function ifBuilt(kernel: Kernel, functionName: string, region: Region): Region[] {
  try {
    return kernel.symbols.find(functionName) === undefined ? [] : [region]
  } catch (error) {
    if (error instanceof PermissionError) return [region]
    throw error
  }
}
