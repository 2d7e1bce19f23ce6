import { PermissionError } from '../../errors.js'
import type { Fact } from '../fact.js'
import type { Kernel } from '../kernel.js'
import { fixmapOf } from './fixmap.js'
import { withGaps } from './gaps.js'
import { highMemory } from './high_memory.js'
import { imageSections } from './image_sections.js'
import { mappedSpan } from './mapped.js'
import { type Region, sized } from './region.js'
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
import { X86 } from './x86_64_names.js'

const SAME = 'the same in each boot'

/** All regions of a kernel for x86-64, in ascending order. */
export function x86_64Layout(kernel: Kernel, levels: 4 | 5): Region[] {
  const constants = x86Constants(levels)
  const moduleArea = modules(kernel)
  return x86Regions(levels, [
    ...reserved(kernel, constants),
    ...randomized(kernel, constants),
    ...fixed(kernel, constants),
    ...image(kernel, moduleArea.start),
    moduleArea,
    ...fixmap(kernel),
  ])
}

/** Below the direct map. */
function reserved(kernel: Kernel, { guardHole, ldt }: X86Constants): Region[] {
  const how = `${SAME}; used with page-table isolation, by each mm for itself`
  return [
    { ...X86.guardHole, ...guardHole, how: `${SAME}; kept free for hypervisors` },
    ...ifBuilt(kernel, 'ldt_arch_exit_mmap', { ...X86.ldt, ...ldt, how }),
  ]
}

/** What CONFIG_RANDOMIZE_MEMORY moves; the order stays the same. */
function randomized(kernel: Kernel, { vmallocSize }: X86Constants): Region[] {
  const { pageOffset } = kernel
  const ramEnd = highMemory(kernel)
  const vmalloc = vmallocStart(kernel, ramEnd.address)
  const vmemmap = vmemmapStart(kernel)
  return [
    {
      ...X86.directMap,
      start: pageOffset,
      end: ramEnd.address,
      how: `start: ${pageOffsetHow(kernel)}; end: ${ramEnd.how}`,
    },
    ...vmallocParts(kernel, vmalloc.address, vmallocSize, vmalloc.how),
    {
      ...X86.vmemmap,
      ...sized(vmemmap.address, sizeOfVmemmap(kernel, ramEnd.address - pageOffset)),
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
  if (!kernel.space.has('page', 'kmsan_shadow')) {
    return [{ ...X86.vmalloc, ...sized(start, size), how }]
  }
  const quarter = size / 4n
  return [
    { ...X86.vmalloc, ...sized(start, quarter), how },
    { ...X86.kmsan, ...sized(start + quarter, 3n * quarter), how },
  ]
}

/** SECTION_SIZE_BITS: RAM gets its struct pages by whole sections. */
const SECTION = 1n << 27n

function sizeOfVmemmap(kernel: Kernel, ram: bigint): bigint {
  const pages = ((ram + SECTION - 1n) / SECTION) * (SECTION >> 12n)
  return pages * BigInt(kernel.space.struct('page').type.size)
}

/** Up to the kernel's image. */
function fixed(kernel: Kernel, { kasan }: X86Constants): Region[] {
  const efi: Region = { ...X86.efi, ...EFI, how: `${SAME}; mapped by efi_mm alone` }
  // CONFIG_KASAN_GENERIC, the only one there is for x86-64.
  const hasShadow = kernel.space.has('task_struct', 'kasan_depth')
  return [
    ...(hasShadow ? [{ ...X86.kasan, ...kasan, how: SAME }] : []),
    { ...X86.cpuEntryArea, ...CPU_ENTRY_AREA, how: SAME },
    ...ifBuilt(kernel, 'init_espfix_ap', { ...X86.espfix, ...ESPFIX, how: SAME }),
    ...ifBuilt(kernel, 'efi_call_virt_save_flags', efi),
  ]
}

/** What a kernel has only if it was built so, which a function tells; to who may see no symbols all is shown. */
function ifBuilt(kernel: Kernel, functionName: string, region: Region): Region[] {
  try {
    return kernel.symbols.find(functionName) === undefined ? [] : [region]
  } catch (error) {
    if (error instanceof PermissionError) return [region]
    throw error
  }
}

/** The sections, with what the linker has placed between them and what is mapped behind the last. */
function image(kernel: Kernel, end: bigint): Region[] {
  const sections = imageSections(kernel)
  const first = sections[0]
  const last = sections.at(-1)
  if (first === undefined || last === undefined) return wholeImage(kernel, end)
  const behind = mappedSpan(kernel, { start: last.end, end })
  const how = 'page tables: mapped between the sections and behind them'
  const range = { start: first.start, end: behind?.end ?? last.end }
  return withGaps(sections, range, { ...X86.imageRest, how })
}

/** Where nothing tells of sections, as to who may see no symbols. */
function wholeImage(kernel: Kernel, end: bigint): Region[] {
  const mapped = mappedSpan(kernel, { start: START_KERNEL_MAP, end })
  const how = 'page tables: what is mapped below the modules'
  return mapped === undefined
    ? []
    : [{ ...X86.image, ...mapped, macro: '_text', moved: 'image', how }]
}

/**
 * MODULES_VADDR: behind the KERNEL_IMAGE_SIZE bytes in which KASLR may put the image. These are 1 GiB
 * with CONFIG_RANDOMIZE_BASE, and 512 MiB without.
 */
function modules(kernel: Kernel): Region {
  const size = kernel.vmcoreinfo.number('KERNEL_IMAGE_SIZE') ?? 1n << 30n
  const start = START_KERNEL_MAP + size
  const how = 'behind NUMBER(KERNEL_IMAGE_SIZE) of VMCOREINFO'
  return { ...X86.modules, start, end: MODULES_END, how }
}

/** Above the modules. */
function fixmap(kernel: Kernel): Region[] {
  const found = fixmapOf(kernel.types)
  const vsyscall: Region = {
    ...X86.vsyscall,
    ...VSYSCALL,
    how: `${SAME}; a page of the fixmap that user mode may call`,
  }
  if (found === undefined) return [vsyscall]
  const how = 'enum fixed_addresses in BTF'
  const { start, end } = found
  if (!found.vsyscall) return [{ ...X86.fixmap, start, end, how }]
  return [{ ...X86.fixmap, start, end: VSYSCALL.start, how }, vsyscall]
}
