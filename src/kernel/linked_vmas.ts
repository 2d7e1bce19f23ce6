import { hex } from '../bytes/hex.js'
import { InconsistentError } from '../errors.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'

/** More than vm.max_map_count is anywhere. */
const MAX_VMAS = 1 << 23

/** How often the list is read again because it changed meanwhile. */
const MAX_TRIES = 100

/**
 * The addresses of the mappings of an address space before Linux 6.1: the list that starts at `mm->mmap`. Each must
 * belong to the address space and start where the one before it ends or behind, so that the walk ends.
 */
export function linkedVmas(kernel: Kernel, mm: UntypedView, first: bigint, last: bigint): bigint[] {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    kernel.drop()
    const now = kernel.at('mm_struct', mm.$address)
    let vma: UntypedView | null = now.mmap
    const found: bigint[] = []
    let end = 0n
    while (vma !== null && vma.vm_start >= end && vma.vm_mm?.$address === mm.$address) {
      if (vma.vm_start > last || vma.vm_end <= vma.vm_start || found.length === MAX_VMAS) break
      if (vma.vm_end > first) found.push(vma.$address)
      end = vma.vm_end
      vma = vma.vm_next
    }
    if (vma === null || vma.vm_start > last) return found
  }
  throw new InconsistentError(
    `the list of mappings of the mm at ${hex(mm.$address)} is torn`,
    'what is on it is not in order, or not of this address space',
    'it changed while it was read, or memory is damaged; read it again',
  )
}
