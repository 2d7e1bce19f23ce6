import { readBytes } from '../memory/memory.js'
import { deref } from '../object/deref.js'
import type { UntypedView } from '../object/kernel_types.js'
import { dName } from './dentry.js'
import {
  compoundHead,
  compoundOrder,
  isAnon,
  mappingBits,
  pageCompound,
  pageMapcount,
} from './folio.js'
import type { Kernel } from './kernel.js'
import { pfnToPage } from './mem_section.js'
import { hasPageFlag, pageFlags } from './page_flags.js'
import { pageType } from './page_type.js'
import { isHugeZeroPfn, isZeroPfn } from './zero_pfn.js'

/** What a struct page tells of its page frame. */
export interface PageInfo {
  readonly pfn: bigint
  /** Of the struct page. */
  readonly page: bigint
  /** Names of `enum pageflags`; of pages that were allocated as one, those of the first. */
  readonly flags: readonly string[]
  readonly refcount: number
  /** See {@link pageMapcount}. */
  readonly mapcount: number
  /** Of pages that were allocated as one: the first, and how many there are. */
  readonly compound: { readonly head: bigint; readonly pages: number } | undefined
  readonly owner: PageOwner
}

/** What a page belongs to. */
export type PageOwner =
  | { readonly kind: 'anonymous' | 'ksm'; readonly index: bigint; readonly swapCache: boolean }
  | ({ readonly kind: 'file' | 'shmem'; readonly index: bigint } & FilePlace)
  | { readonly kind: 'slab'; readonly cache: string; readonly address: bigint }
  /** In the buddy allocator, as one of `1 << order` pages. */
  | { readonly kind: 'free'; readonly order: number }
  | { readonly kind: 'zero page' | 'huge zero page' | 'reserved' | 'page table' | 'hugetlb' }
  /** Another type that the page itself has, such as offline, zsmalloc, large_kmalloc. */
  | { readonly kind: 'typed'; readonly type: string }
  /** Its struct page was never filled in, so nobody was ever given it (CONFIG_DEFERRED_STRUCT_PAGE_INIT). */
  | { readonly kind: 'uninitialized' }
  /** Neither the struct page nor its type tell: memory that the kernel took for itself, mostly. */
  | { readonly kind: 'unknown' }

export interface FilePlace {
  readonly inode: bigint
  /** `sb->s_id` and the file system's name. */
  readonly device: string
  readonly fileSystem: string
  /** The name in its directory; undefined where no dentry is remembered. */
  readonly name: string | undefined
}

/**
 * What the kernel knows of a page frame; undefined where it has no struct page. What is read is not
 * locked: a page of the running kernel may be another's between two looks.
 */
export function pageInfo(kernel: Kernel, pfn: bigint): PageInfo | undefined {
  const page = pfnToPage(kernel, pfn)
  if (page === undefined) return undefined
  const head = compoundHead(kernel, page)
  return {
    pfn,
    page: page.$address,
    flags: pageFlags(kernel, head),
    refcount: head._refcount.counter,
    mapcount: pageMapcount(kernel, page),
    compound: pageCompound(kernel, page)
      ? { head: head.$address, pages: 2 ** compoundOrder(kernel, head) }
      : undefined,
    owner: ownerOf(kernel, page, head, pfn),
  }
}

function ownerOf(kernel: Kernel, page: UntypedView, head: UntypedView, pfn: bigint): PageOwner {
  if (isZeroPfn(kernel, pfn)) return { kind: 'zero page' }
  if (isUninitialized(kernel, page)) return { kind: 'uninitialized' }
  const type = pageType(kernel, page) ?? pageType(kernel, head)
  if (type === 'slab' || hasPageFlag(kernel, head, 'slab')) return slabOwner(kernel, head)
  const order = type === 'buddy' || type === undefined ? freeOrder(kernel, pfn) : undefined
  if (order !== undefined) return { kind: 'free', order }
  if (type === 'table') return { kind: 'page table' }
  if (type === 'hugetlb') return { kind: 'hugetlb' }
  if (type !== undefined) return { kind: 'typed', type }
  if (hasPageFlag(kernel, page, 'reserved')) return { kind: 'reserved' }
  const owner = mappingOwner(kernel, page, head)
  if (owner !== undefined) return owner
  const isHugeZero = pageCompound(kernel, page) && isHugeZeroPfn(kernel, pfn)
  return { kind: isHugeZero ? 'huge zero page' : 'unknown' }
}

const isUninitialized = (kernel: Kernel, page: UntypedView): boolean => {
  return readBytes(kernel.memory, page.$address, page.$type.size).every((byte) => byte === 0)
}

/** MAX_ORDER: 10 on x86-64 and mostly elsewhere; arm64 may have 13. */
const LARGEST_ORDER = 13

/**
 * `bool is_free_buddy_page(const struct page *page)`: the order of the free block that a page is in; only
 * the first page of a block says so.
 */
function freeOrder(kernel: Kernel, pfn: bigint): number | undefined {
  for (let order = 0; order <= LARGEST_ORDER; order++) {
    const first = pfnToPage(kernel, pfn & ~((1n << BigInt(order)) - 1n))
    if (first === undefined || pageType(kernel, first) !== 'buddy') continue
    const blockOrder = Number(first.private)
    return blockOrder >= order ? blockOrder : undefined
  }
  return undefined
}

/** `struct slab` lies over the first struct page since Linux 5.17; before, the page had its members. */
function slabOwner(kernel: Kernel, head: UntypedView): PageOwner {
  const name = kernel.space.has('slab', 'slab_cache') ? 'slab' : 'page'
  const cache = deref(kernel.at(name, head.$address), 'slab_cache')
  return { kind: 'slab', cache: deref(cache, 'name').$string(64), address: cache.$address }
}

/** PAGE_MAPPING_ANON, PAGE_MAPPING_MOVABLE, both: PAGE_MAPPING_KSM (include/linux/page-flags.h). */
const FLAGS = 3n
const MOVABLE = 2n

function mappingOwner(kernel: Kernel, page: UntypedView, head: UntypedView): PageOwner | undefined {
  const mapping = mappingBits(head)
  if (mapping === 0n) return undefined
  const index = pageIndex(kernel, page, head)
  if (isAnon(head)) {
    const swapBacked = hasPageFlag(kernel, head, 'swapbacked')
    const swapCache = swapBacked && hasPageFlag(kernel, head, 'swapcache')
    return { kind: (mapping & FLAGS) === FLAGS ? 'ksm' : 'anonymous', index, swapCache }
  }
  if ((mapping & FLAGS) === MOVABLE) return { kind: 'typed', type: 'movable' }
  return fileOwner(kernel, mapping, index, hasPageFlag(kernel, head, 'swapbacked'))
}

/** `page_pgoff()`: in pages of 4 KiB from the start of the file, or of the addresses of a mapping. */
function pageIndex(kernel: Kernel, page: UntypedView, head: UntypedView): bigint {
  const size = BigInt(kernel.space.struct('page').type.size)
  const first: bigint = kernel.space.has('folio', 'index')
    ? kernel.at('folio', head.$address).index
    : head.index
  return first + (page.$address - head.$address) / size
}

function fileOwner(
  kernel: Kernel,
  mapping: bigint,
  index: bigint,
  swapBacked: boolean,
): PageOwner | undefined {
  const { host } = kernel.at('address_space', mapping)
  if (host === null) return undefined
  const block = deref(host, 'i_sb')
  const { first } = host.i_dentry
  const dentry =
    first === null ? undefined : kernel.containerOf(first, 'dentry', dentryLink(kernel))
  return {
    kind: swapBacked ? 'shmem' : 'file',
    index,
    inode: BigInt(host.i_ino),
    device: block.s_id,
    fileSystem: deref(deref(block, 's_type'), 'name').$string(32),
    name: dentry && dName(dentry, kernel.uncached),
  }
}

/** Since Linux 3.18 in a union `d_u`. */
const dentryLink = (kernel: Kernel) =>
  kernel.space.has('dentry', 'd_u') ? 'd_u.d_alias' : 'd_alias'

/**
 * `struct kmem_cache *virt_to_cache(const void *obj)`: the name of the slab cache that an object of the
 * direct map is from; undefined for anything else.
 */
export function slabOf(kernel: Kernel, pfn: bigint): string | undefined {
  const owner = pageInfo(kernel, pfn)?.owner
  return owner?.kind === 'slab' ? owner.cache : undefined
}
