import type { Kernel } from '../kernel/kernel.js'

/** How the kernel splits the virtual addresses: first and last of each half, and what lies where. */
export interface AddressSpace {
  readonly user: Half
  readonly kernel: Half
  /** PAGE_OFFSET: where the direct map of physical memory starts. */
  readonly pageOffset: bigint
  /** `_stext` */
  readonly text: bigint | undefined
  readonly kaslrOffset: bigint
}

export interface Half {
  readonly first: bigint
  readonly last: bigint
}

const ADDRESSES = 1n << 64n

/** Of x86-64: bits of a virtual address that are not mere copies of the uppermost (its sign). */
function addressBits(kernel: Kernel): bigint {
  return kernel.vmcoreinfo.number('pgtable_l5_enabled') === 1n ? 57n : 48n
}

/** Documentation/arch/x86/x86_64/mm.rst */
export function addressSpace(kernel: Kernel): AddressSpace {
  const half = 1n << (addressBits(kernel) - 1n)
  return {
    user: { first: 0n, last: half - 1n },
    kernel: { first: ADDRESSES - half, last: ADDRESSES - 1n },
    pageOffset: kernel.pageOffset,
    text: kernel.vmcoreinfo.symbol('_stext'),
    kaslrOffset: kernel.kaslrOffset,
  }
}
