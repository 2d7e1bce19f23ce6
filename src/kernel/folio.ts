import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { hasPageFlag } from './page_flags.js'
import { pageType } from './page_type.js'
import { isLinux } from './version.js'

/**
 * `struct page *compound_head(struct page *page)`: the first of the pages that were allocated as one; the
 * page itself where it was allocated alone.
 */
export function compoundHead(kernel: Kernel, page: UntypedView): UntypedView {
  const head = BigInt(page.compound_head)
  return (head & 1n) === 0n ? page : kernel.at('page', head - 1n)
}

/** `bool PageCompound(const struct page *page)` */
export function pageCompound(kernel: Kernel, page: UntypedView): boolean {
  return (BigInt(page.compound_head) & 1n) === 1n || hasPageFlag(kernel, page, 'head')
}

/** `unsigned int compound_order(struct page *page)`: 2 to its power pages were allocated as one. */
export function compoundOrder(kernel: Kernel, head: UntypedView): number {
  if (!hasPageFlag(kernel, head, 'head')) return 0
  const folio = folioOf(kernel, head)
  // The lowest byte of the second page's flags since Linux 6.6 (commit ebc1baf5c9b4).
  if (folio?.$has('_folio_order')) return folio._folio_order
  if (folio?.$has('_flags_1') && !kernel.space.has('page', 'compound_order')) {
    const flags: bigint | UntypedView = folio._flags_1
    return Number((typeof flags === 'bigint' ? flags : flags.f) & 0xffn)
  }
  return secondPage(kernel, head).compound_order
}

/** `int folio_entire_mapcount()`: how often a large page is mapped as one. */
export function entireMapcount(kernel: Kernel, head: UntypedView): number {
  const folio = folioOf(kernel, head)
  if (folio?.$has('_entire_mapcount')) return folio._entire_mapcount.counter + 1
  // Up to Linux 6.2.
  return secondPage(kernel, head).compound_mapcount.counter + 1
}

/**
 * `int page_mapcount(struct page *page)`, `folio_precise_page_mapcount()` since Linux 6.10: how many entries
 * of page tables map the page, alone or in a large one; 0 for what cannot be mapped. Without
 * CONFIG_PAGE_MAPCOUNT (Linux 6.15) large pages are not counted one by one.
 */
export function pageMapcount(kernel: Kernel, page: UntypedView): number {
  if (pageType(kernel, page) !== undefined) return 0
  // Nothing maps what nobody has; a struct page that was never filled in would look as if mapped.
  if (compoundHead(kernel, page)._refcount.counter === 0) return 0
  const own = page._mapcount.counter + 1
  const count = own < 0 ? 0 : own
  if (!pageCompound(kernel, page)) return count
  const head = compoundHead(kernel, page)
  if (pageType(kernel, head) === 'slab') return 0
  if (isLinux(kernel, 6, 2)) return count + Math.max(0, entireMapcount(kernel, head))
  return oldMapcount(kernel, head, count)
}

/** Before Linux 6.2: pages of large files are all counted one by one, and anonymous ones may be twice. */
function oldMapcount(kernel: Kernel, head: UntypedView, count: number): number {
  if (!isAnon(head)) return count > 0 ? count : Math.max(0, entireMapcount(kernel, head))
  // PG_double_map, of the second page.
  const twice = hasPageFlag(kernel, secondPage(kernel, head), 'workingset') ? 1 : 0
  return count + Math.max(0, entireMapcount(kernel, head)) - twice
}

/** `bool PageAnon(const struct page *page)`, of a head: bit 0 of its `mapping`. */
export function isAnon(head: UntypedView): boolean {
  return (mappingBits(head) & 1n) === 1n
}

/** `page->mapping`, which has flags in its two lowest bits. */
export function mappingBits(head: UntypedView): bigint {
  return head.mapping?.$address ?? 0n
}

function folioOf(kernel: Kernel, head: UntypedView): UntypedView | undefined {
  return kernel.types.find('folio', 'struct') && kernel.at('folio', head.$address)
}

function secondPage(kernel: Kernel, head: UntypedView): UntypedView {
  return kernel.at('page', head.$address + BigInt(kernel.space.struct('page').type.size))
}
