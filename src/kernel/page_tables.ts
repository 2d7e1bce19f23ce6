import type { PagingMode } from '../memory/paging/mode.js'
import { kernelImageMap } from './image_map.js'
import { pagingModeOf } from './paging_mode.js'
import type { Vmcoreinfo } from './vmcoreinfo.js'

/** How a kernel translates addresses. */
export interface PageTables {
  readonly mode: PagingMode
  /** As {@link mode}, but pages that their process may not touch (PROT_NONE) are found too. */
  readonly userMode: PagingMode
  /** The physical address of `swapper_pg_dir`, the kernel's own table. */
  readonly root: bigint
}

export function pageTablesOf(vmcoreinfo: Vmcoreinfo): PageTables {
  const map = kernelImageMap(vmcoreinfo)
  return { mode: pagingModeOf(map), userMode: pagingModeOf(map, true), root: map.pageTable }
}
