import type { Root } from '../memory/paging/root.js'
import { deref } from '../object/deref.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { virtToPhys } from './virt_to_phys.js'

/**
 * The page tables of an address space: `mm->pgd` as a physical address. On x86-64 they map the kernel too;
 * arm64 has tables of their own for it.
 */
export function mmRoot(kernel: Kernel, mm: UntypedView): Root {
  const pgd = virtToPhys(kernel, deref(mm, 'pgd').$address)
  const { mode, root } = kernel.pageTables
  return mode.canonical.halves === 'two roots' ? { user: pgd, kernel: root } : pgd
}
