import { type Walk, walk } from '../memory/paging/walk.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { mmRoot } from './mm_root.js'

/**
 * Walks the page tables of an address space as `follow_page()` and `follow_pfnmap_start()` do, and tells of
 * each level: pages that are kept without access (PROT_NONE) are found too. Without `mm`, the kernel's own
 * tables (`init_mm`). Nothing of what the tables hold makes it throw; a `pgd` that is not mapped does
 * ({@link FaultError}).
 */
export function followPage(kernel: Kernel, mm: UntypedView | undefined, address: bigint): Walk {
  const { mode, userMode, root } = kernel.pageTables
  if (mm === undefined) return walk(mode, kernel.physical, root, address)
  return walk(userMode, kernel.physical, mmRoot(kernel, mm), address)
}
