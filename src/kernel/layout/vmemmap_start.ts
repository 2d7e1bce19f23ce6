import { FaultError, UnsupportedError } from '../../errors.js'
import type { Kernel } from '../kernel.js'
import { type Base, readWord, variableBase } from './base.js'

/** PUD_SIZE: KASLR places regions at multiples of it; what is lower in a section's word is flags. */
const ALIGN = 1n << 30n

/** `SECTION_HAS_MEM_MAP`: the second flag, after SECTION_MARKED_PRESENT. */
const SECTION_HAS_MEM_MAP = 2n

/** More would be no kernel's; LENGTH(mem_section) comes from the image. */
const MOST_ROOTS = 1 << 16

/** VMEMMAP_START of x86-64. */
export function vmemmapStart(kernel: Kernel): Base {
  const found =
    variableBase(kernel, 'vmemmap_base') ?? vmemmapOfVmcoreinfo(kernel) ?? vmemmapBySections(kernel)
  if (found !== undefined) return found
  throw new UnsupportedError(
    'cannot tell VMEMMAP_START',
    'neither symbols nor VMCOREINFO have it or lead to it',
  )
}

/** VMCOREINFO of Linux 6.12 has it, that of 6.1 has not. */
function vmemmapOfVmcoreinfo({ vmcoreinfo }: Kernel): Base | undefined {
  const address = vmcoreinfo.symbol('vmemmap')
  return address === undefined ? undefined : { address, how: 'SYMBOL(vmemmap) of VMCOREINFO' }
}

/**
 * With CONFIG_SPARSEMEM_VMEMMAP every section of RAM has in `section_mem_map` where the struct page of
 * PFN 0 would be, and flags in the lowest bits (sparse_encode_mem_map()). `mem_section` points to the
 * table of roots (CONFIG_SPARSEMEM_EXTREME), the first of which has the sections of low RAM.
 */
function vmemmapBySections(kernel: Kernel): Base | undefined {
  const table = kernel.vmcoreinfo.symbol('mem_section')
  if (table === undefined || !kernel.space.has('mem_section', 'section_mem_map')) return undefined
  const roots = Math.min(Number(kernel.vmcoreinfo.get('LENGTH(mem_section)')), MOST_ROOTS)
  for (let i = 0; i < roots; i++) {
    const word = firstSection(kernel, table + BigInt(i * 8))
    if (word !== undefined && (word & SECTION_HAS_MEM_MAP) !== 0n) {
      return { address: word - (word % ALIGN), how: 'section_mem_map of a mem_section' }
    }
  }
  return undefined
}

/** `section_mem_map` of the first section of a root; undefined if there is no root. */
function firstSection(kernel: Kernel, entry: bigint): bigint | undefined {
  try {
    const root = readWord(kernel, entry)
    return root === 0n ? undefined : kernel.at('mem_section', root).section_mem_map
  } catch (error) {
    if (error instanceof FaultError) return undefined
    throw error
  }
}
