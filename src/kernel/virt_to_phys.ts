import { FaultError } from '../errors.js'
import { walk, whyNot } from '../memory/paging/walk.js'
import type { Kernel } from './kernel.js'

/**
 * The physical address of any address of the kernel, by its page tables: what `virt_to_phys()` computes
 * for the direct map (`__pa()` for the image too) and `vmalloc_to_pfn()` finds for vmalloc. Throws
 * {@link FaultError} where nothing is mapped.
 */
export function virtToPhys(kernel: Kernel, address: bigint): bigint {
  const { mode, root } = kernel.pageTables
  const { end } = walk(mode, kernel.physical, root, address)
  if (end.kind === 'page') return end.physical
  throw new FaultError(address, whyNot(end, mode)!)
}

/**
 * `void *phys_to_virt(phys_addr_t address)` (`__va()`): where the direct map has a physical address; what is
 * no RAM need not be mapped there.
 */
export function physToVirt(kernel: Kernel, physical: bigint): bigint {
  return kernel.pageOffset + physical
}

/** `unsigned long vmalloc_to_pfn(const void *addr)`: the page frame of an address of vmalloc. */
export function vmallocToPfn(kernel: Kernel, address: bigint): bigint {
  return virtToPhys(kernel, address) >> 12n
}
