import { FaultError, UnsupportedError } from '../errors.js'
import { readBytes } from '../memory/memory.js'
import type { Struct, UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'

/** Bit 1 of `section_mem_map`: there are struct pages for the section. */
const SECTION_HAS_MEM_MAP = 2n
/** Bit 3 (Linux 5.3): it was there at boot, so that all of it has struct pages, holes included. */
const SECTION_IS_EARLY = 8n
/** All flags are below; a struct page is at a multiple of this. */
const SECTION_MAP_MASK = ~0x3fn

/** Of x86-64, where VMCOREINFO does not tell it yet (before Linux 5.10). */
const SECTION_SIZE_BITS = 27

/** Parts of a section that can be added on their own (Linux 5.3): SUBSECTION_SHIFT. */
const SUBSECTION_SHIFT = 21n

const POINTER = 8

/**
 * `struct page *pfn_to_page(unsigned long pfn)`: the struct page of a page frame, by SPARSEMEM's table of
 * sections, which VMCOREINFO names; with and without CONFIG_SPARSEMEM_VMEMMAP it leads there. Undefined
 * for a frame without one (`pfn_valid()`): device memory, mostly. Throws {@link UnsupportedError} where
 * there are no sections (CONFIG_FLATMEM).
 */
export function pfnToPage(kernel: Kernel, pfn: bigint): Struct<'page'> | undefined {
  const section = sectionOf(kernel, pfn)
  if (section === undefined || !hasPage(kernel, section, pfn)) return undefined
  // What is kept is the address that the struct page of PFN 0 would have.
  const map = BigInt(section.section_mem_map) & SECTION_MAP_MASK
  return kernel.at('page', map + pfn * sizeOfPage(kernel))
}

/** `bool pfn_valid(unsigned long pfn)`: whether a page frame has a struct page. */
export function pfnValid(kernel: Kernel, pfn: bigint): boolean {
  return pfnToPage(kernel, pfn) !== undefined
}

/**
 * `unsigned long page_to_pfn(const struct page *page)`; undefined for an address that is no struct page's.
 * Like the kernel with CONFIG_SPARSEMEM_VMEMMAP, it takes the struct pages for one array.
 */
export function pageToPfn(kernel: Kernel, page: UntypedView): bigint | undefined {
  const first = firstMap(kernel)
  const offset = page.$address - first
  if (offset < 0n || offset % sizeOfPage(kernel) !== 0n) return undefined
  const pfn = offset / sizeOfPage(kernel)
  return pfnToPage(kernel, pfn)?.$address === page.$address ? pfn : undefined
}

const sizeOfPage = (kernel: Kernel) => BigInt(kernel.space.struct('page').type.size)

/** Where the struct page of PFN 0 would be: the same for all sections that are mapped by vmemmap. */
function firstMap(kernel: Kernel): bigint {
  for (const root of rootsOf(kernel)) {
    if (root === 0n) continue
    const section = kernel.at('mem_section', root)
    const map = BigInt(section.section_mem_map)
    if ((map & SECTION_HAS_MEM_MAP) !== 0n) return map & SECTION_MAP_MASK
  }
  throw new UnsupportedError('cannot find the struct pages', 'no section of memory has any')
}

function sectionOf(kernel: Kernel, pfn: bigint): UntypedView | undefined {
  const { sectionShift, perRoot, size } = shape(kernel)
  const number = pfn >> BigInt(sectionShift - 12)
  const roots = rootsOf(kernel)
  const root = roots[Number(number / perRoot)]
  if (root === undefined || root === 0n) return undefined
  const section = kernel.at('mem_section', root + (number % perRoot) * size)
  return (BigInt(section.section_mem_map) & SECTION_HAS_MEM_MAP) === 0n ? undefined : section
}

function shape(kernel: Kernel) {
  const size = BigInt(kernel.space.struct('mem_section').type.size)
  const bits = kernel.vmcoreinfo.number('SECTION_SIZE_BITS')
  return {
    sectionShift: bits === undefined ? SECTION_SIZE_BITS : Number(bits),
    perRoot: 4096n / size,
    size,
  }
}

/** No kernel has more: MAX_PHYSMEM_BITS is at most 52. */
const MOST_ROOTS = 2 ** 18

/**
 * `struct mem_section **mem_section`: a page of sections each (CONFIG_SPARSEMEM_EXTREME); VMCOREINFO has
 * the address of the array.
 */
function rootsOf(kernel: Kernel): BigUint64Array {
  const address = kernel.vmcoreinfo.symbol('mem_section')
  const length = Number(kernel.vmcoreinfo.get('LENGTH(mem_section)'))
  if (address === undefined || !(length > 0 && length <= MOST_ROOTS)) {
    throw new UnsupportedError(
      'cannot find the struct pages',
      'VMCOREINFO does not tell of mem_section',
      'a kernel without CONFIG_SPARSEMEM is not known',
    )
  }
  const bytes = readBytes(kernel.memory, address, length * POINTER)
  return new BigUint64Array(bytes.buffer, bytes.byteOffset, length)
}

/** The second half of pfn_valid(): `early_section(ms) || pfn_section_valid(ms, pfn)`. */
function hasPage(kernel: Kernel, section: UntypedView, pfn: bigint): boolean {
  // Before Linux 5.3 a section was there or not.
  if (!section.$has('usage')) return true
  if ((BigInt(section.section_mem_map) & SECTION_IS_EARLY) !== 0n) return true
  const { usage } = section
  if (usage === null || !usage.$has('subsection_map')) return usage !== null
  const { sectionShift } = shape(kernel)
  const inSection = pfn & ((1n << BigInt(sectionShift - 12)) - 1n)
  const bit = Number(inSection >> (SUBSECTION_SHIFT - 12n))
  const map: readonly bigint[] = usage.subsection_map
  return (((map[bit >> 6] ?? 0n) >> BigInt(bit & 63)) & 1n) === 1n
}

/** Whether an error says that the struct pages cannot be found or read. */
export function isNoPage(error: unknown): error is FaultError | UnsupportedError {
  return error instanceof FaultError || error instanceof UnsupportedError
}
