import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { enumValues } from './page_flags.js'

/** Lower values are mapcounts. */
const PAGE_TYPE_BASE = 0xf000_0000

/** The bits of include/linux/page-flags.h up to Linux 6.11, cleared where a page is of the type. */
const BIT_TYPES: readonly (readonly [number, string])[] = [
  [0x80, 'buddy'],
  [0x100, 'offline'],
  [0x200, 'table'],
  [0x400, 'guard'],
  [0x800, 'hugetlb'],
  [0x1000, 'slab'],
]

/**
 * What a page is that no process maps, where its struct page says so (`page->page_type`, which shares its
 * place with the mapcount): buddy, offline, table, guard, hugetlb, slab, zsmalloc, unaccepted, large_kmalloc;
 * undefined for any other page.
 *
 * The type is the uppermost byte (`enum pagetype`) since Linux 6.12 (commit 4ffca5a96678), before a bit that
 * is cleared: hugetlb since 6.9, slab since 6.10, the others since 4.18.
 */
export function pageType(kernel: Kernel, page: UntypedView): string | undefined {
  if (!page.$has('page_type')) return undefined
  // Signed or not, by version.
  const type = Number(page.page_type) >>> 0
  if (type < PAGE_TYPE_BASE || type === 0xffff_ffff) return undefined
  const values = enumValues(kernel, 'pagetype')
  if (values.has('PGTY_buddy')) return byteType(values, type)
  return BIT_TYPES.find(([bit]) => (type & bit) === 0)?.[1]
}

function byteType(values: ReadonlyMap<string, bigint>, type: number): string | undefined {
  const [name] = [...values].find(([, value]) => value === BigInt(type >>> 24)) ?? []
  // Behind the last one there is what a mapcount below -1 looks like.
  return name === 'PGTY_mapcount_underflow' ? undefined : name?.replace('PGTY_', '')
}
