import { NotFoundError, UnsupportedError } from '../errors.js'
import { followPage } from '../kernel/follow_page.js'
import type { Kernel } from '../kernel/kernel.js'
import { isKthread } from '../kernel/kthread.js'
import { isNoPage, pageToPfn } from '../kernel/mem_section.js'
import { taskMm } from '../kernel/mm.js'
import { type PageInfo, pageInfo } from '../kernel/page_info.js'
import { pteFlags } from '../kernel/pte_flags.js'
import { pteToSwpEntry, type SwapEntry } from '../kernel/swap_entry.js'
import { vmFlags } from '../kernel/vm_flags.js'
import { vmaFind } from '../kernel/vma.js'
import { vmaName } from '../kernel/vma_name.js'
import { forEachVmapArea } from '../kernel/vmap_area.js'
import { type AddressParts, addressParts } from '../memory/paging/address_parts.js'
import type { PagingMode } from '../memory/paging/mode.js'
import type { Walk, WalkStep } from '../memory/paging/walk.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { NearestSymbol } from '../symbols/symbols.js'

/** An address taken apart. */
export interface Apart extends AddressParts {
  readonly address: bigint
  readonly mode: PagingMode
}

/** An address and all that is found on the way to its page. */
export interface Translation extends Apart {
  readonly owner: Owner | undefined
  /** Undefined where there are no tables to walk: the address of a kernel thread's user half. */
  readonly walk: Walk | undefined
  readonly steps: readonly NamedStep[]
  /** Where the walk ended at an entry that is not present, but says something. */
  readonly swap: SwapEntry | undefined
  /** Undefined where nothing is mapped; `none` where the page frame has no struct page. */
  readonly page: PageInfo | 'none' | { readonly unknown: string } | undefined
  /** Of user addresses: the mapping they are in, and the one that comes next. */
  readonly vma: Vma | undefined
  readonly nextVma: Vma | undefined
  /** Of kernel addresses. */
  readonly place: KernelPlace | undefined
}

/** A mapping. */
export interface Vma {
  readonly start: bigint
  readonly end: bigint
  /** `vm_flags` */
  readonly flags: bigint
  /** In bytes, of the file; 0 where there is none. */
  readonly offset: bigint
  readonly name: string | undefined
}

export interface NamedStep extends WalkStep {
  readonly names: readonly string[]
}

/** Whose address it is. */
export interface Owner {
  readonly pid: number
  readonly comm: string
  readonly kernelThread: boolean
  /** What a kernel thread runs on now. */
  readonly borrowed: { readonly mm: bigint; readonly from: string | undefined } | undefined
}

export interface KernelPlace {
  readonly symbol: NearestSymbol | undefined
  readonly vmapArea: VmapPlace | undefined
  /** Whether it is where the direct map has the physical address. */
  readonly directMap: boolean
  /** The page frame whose struct page it is in. */
  readonly structPage: bigint | undefined
  /** Why something above is not known. */
  readonly unknown: string | undefined
}

export interface VmapPlace {
  readonly start: bigint
  readonly end: bigint
  /** Of the caller of vmalloc(), ioremap() and so on. */
  readonly caller: NearestSymbol | undefined
}

export function takeApart(mode: PagingMode, address: bigint): Apart {
  return { address, mode, ...addressParts(mode, address) }
}

/** Walks an address: of the task's address space, or else in the kernel's own tables. */
export function translate(
  kernel: Kernel,
  task: UntypedView | undefined,
  address: bigint,
): Translation {
  const { mode } = kernel.pageTables
  const apart = takeApart(mode, address)
  const isKernel = apart.half === 'upper'
  const mm = task === undefined ? null : taskMm(task)
  const hasTables = mm !== null || isKernel || apart.half === 'hole'
  const walked = hasTables ? followPage(kernel, mm ?? undefined, address) : undefined
  return {
    ...apart,
    owner: task && ownerOf(kernel, task),
    walk: walked,
    steps: (walked?.steps ?? []).map((step) => ({ ...step, names: pteFlags(kernel, step) })),
    swap: walked?.end.kind === 'not present' ? pteToSwpEntry(kernel, walked.end.entry) : undefined,
    page: walked?.end.kind === 'page' ? pageOf(kernel, walked.end.physical) : undefined,
    ...(mm === null || apart.half !== 'lower' ? NO_VMAS : vmasAt(kernel, mm, address)),
    place: isKernel ? placeOf(kernel, address, walked) : undefined,
  }
}

function pageOf(kernel: Kernel, physical: bigint): Translation['page'] {
  try {
    return pageInfo(kernel, physical >> 12n) ?? 'none'
  } catch (error) {
    if (isNoPage(error)) return { unknown: error.message }
    throw error
  }
}

const NO_VMAS = { vma: undefined, nextVma: undefined }

function vmasAt(kernel: Kernel, mm: UntypedView, address: bigint) {
  const view = vmaFind(kernel, mm, address)
  if (view === undefined) return NO_VMAS
  const vma: Vma = {
    start: view.vm_start,
    end: view.vm_end,
    flags: vmFlags(view),
    offset: view.vm_file === null ? 0n : BigInt(view.vm_pgoff) << 12n,
    name: vmaName(kernel, view),
  }
  return vma.start <= address ? { vma, nextVma: undefined } : { vma: undefined, nextVma: vma }
}

function ownerOf(kernel: Kernel, task: UntypedView): Owner {
  const kernelThread = isKthread(task)
  const borrowed: bigint | undefined = kernelThread ? task.active_mm?.$address : undefined
  return {
    pid: task.pid,
    comm: task.comm,
    kernelThread,
    borrowed: borrowed === undefined ? undefined : { mm: borrowed, from: userOf(kernel, borrowed) },
  }
}

/** A process that an address space is of. */
function userOf(kernel: Kernel, mm: bigint): string | undefined {
  for (const process of kernel.forEachProcess()) {
    if (!isKthread(process) && process.mm?.$address === mm)
      return `${process.pid} (${process.comm})`
  }
  return undefined
}

function placeOf(kernel: Kernel, address: bigint, walked: Walk | undefined): KernelPlace {
  const end = walked?.end
  const directMap = end?.kind === 'page' && kernel.pageOffset + end.physical === address
  const structPage = structPageAt(kernel, address)
  const place = { symbol: kernel.symbols.nearest(address), directMap, structPage }
  if (directMap || place.symbol !== undefined || structPage !== undefined) {
    return { ...place, vmapArea: undefined, unknown: undefined }
  }
  try {
    return { ...place, vmapArea: vmapAreaAt(kernel, address), unknown: undefined }
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error
    return { ...place, vmapArea: undefined, unknown: error.message }
  }
}

function structPageAt(kernel: Kernel, address: bigint): bigint | undefined {
  try {
    const size = BigInt(kernel.space.struct('page').type.size)
    return pageToPfn(kernel, kernel.at('page', address - (address % size)))
  } catch (error) {
    if (isNoPage(error)) return undefined
    throw error
  }
}

/** `struct vmap_area *find_vmap_area(unsigned long addr)` */
function vmapAreaAt(kernel: Kernel, address: bigint): VmapPlace | undefined {
  for (const area of forEachVmapArea(kernel)) {
    const start: bigint = area.va_start
    const end: bigint = area.va_end
    if (address < start || address >= end) continue
    const caller: bigint | undefined = area.vm?.caller?.$address
    return { start, end, caller: caller === undefined ? undefined : kernel.symbols.nearest(caller) }
  }
  return undefined
}

/** Reads, and makes sure that the process did not exit or execute something else meanwhile. */
export function whileSame<T>(kernel: Kernel, task: UntypedView, read: () => T): T {
  const { pid, mm } = task
  const before: bigint | undefined = mm?.$address
  const check = () => {
    kernel.drop()
    const now = kernel.findTask(pid)
    if (now?.$address !== task.$address || isExiting(now, before)) {
      throw new NotFoundError(`no task ${pid}`, [], 'it exited while it was read')
    }
    if (!isKthread(now) && now.mm?.$address !== before) {
      throw new NotFoundError(
        `no such address space of task ${pid}`,
        [],
        'it executed another program while it was read',
      )
    }
  }
  try {
    return read()
  } finally {
    check()
  }
}

function isExiting(task: UntypedView, before: bigint | undefined): boolean {
  return before !== undefined && !isKthread(task) && task.mm === null
}
