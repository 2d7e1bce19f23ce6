import { FaultError } from '../errors.js'
import { forEachMapping } from '../memory/paging/mappings.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { taskMm } from './mm.js'
import { mmRoot } from './mm_root.js'

/** Where a process maps a page frame. */
export interface PageMapper {
  readonly pid: number
  readonly comm: string
  readonly address: bigint
}

/**
 * What `rmap_walk()` finds: every place where a process maps a page frame, in the order of processes. It is
 * found by walking the page tables of all of them, each address space once, and needs neither the frame's
 * anon_vma nor its address_space. A process that exits or executes something else meanwhile is left out.
 */
export function rmapWalk(kernel: Kernel, pfn: bigint): PageMapper[] {
  const seen = new Set<bigint>()
  const found: PageMapper[] = []
  for (const process of kernel.forEachProcess()) {
    const mm = taskMm(process)
    if (mm === null || seen.has(mm.$address)) continue
    seen.add(mm.$address)
    const addresses = unlessGone(() => addressesOf(kernel, mm, pfn << 12n))
    if (addresses.length === 0 || !isStill(kernel, process, mm)) continue
    for (const address of addresses) {
      found.push({ pid: process.pid, comm: process.comm, address })
    }
  }
  return found
}

/** The memory of a process that exits may be read as anything, or not at all. */
function unlessGone(look: () => bigint[]): bigint[] {
  try {
    return look()
  } catch (error) {
    if (error instanceof FaultError) return []
    throw error
  }
}

function addressesOf(kernel: Kernel, mm: UntypedView, physical: bigint): bigint[] {
  const { userMode } = kernel.pageTables
  const end = 1n << BigInt(userMode.canonical.signBit)
  const found: bigint[] = []
  for (const run of forEachMapping(userMode, kernel.physical, mmRoot(kernel, mm), 0n, end)) {
    const within = physical - run.physical
    if (within >= 0n && within < run.length) found.push(run.virtual + within)
  }
  return found
}

function isStill(kernel: Kernel, process: UntypedView, mm: UntypedView): boolean {
  const pid: number = process.pid
  const now = kernel.findTask(pid)
  return now?.$address === process.$address && now.mm?.$address === mm.$address
}
