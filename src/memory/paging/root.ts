import { type SplitAddress, split } from './address.js'
import { addressIn } from './entry.js'
import type { PagingMode } from './mode.js'

/**
 * The physical address of the topmost table. Modes with two roots (arm64) take both, one for
 * addresses of user space (TTBR0) and one for the kernel's (TTBR1); a single one is the kernel's.
 */
export type Root = bigint | { readonly user?: bigint; readonly kernel?: bigint }

/** The root that translates this address; undefined if there is none. */
export function rootFor(mode: PagingMode, root: Root, address: SplitAddress): bigint | undefined {
  if (mode.canonical.halves !== 'two roots') {
    return typeof root === 'bigint' ? root : (root.kernel ?? root.user)
  }
  const given: Exclude<Root, bigint> = typeof root === 'bigint' ? { kernel: root } : root
  return address.high >>> 31 === 1 ? given.kernel : given.user
}

/**
 * The root in a register: read_cr3_pa() of x86, which leaves out the PCID, the bits of linear-address
 * masking and the c-bit; TTBRn_EL1 of arm64 without ASID and CnP, a 52-bit address put together.
 */
export function rootOfRegister(mode: PagingMode, register: bigint): bigint {
  const { low, high } = split(register, { low: 0, high: 0 })
  return BigInt(addressIn(mode.register, low, high))
}

/**
 * Page-table isolation of x86-64 (CONFIG_MITIGATION_PAGE_TABLE_ISOLATION; Linux since 4.15, and in
 * stable kernels before) has two PGDs in neighbouring pages. In user mode the CPU has the second one,
 * which lacks nearly all of the kernel. Where it is off a PGD has no copy, and bit 12 is address.
 */
const PTI_PGTABLE_SWITCH_BIT = 1n << 12n

/** user_to_kernel_pgdp(): the whole table, whichever of the two is given. */
export const userToKernelPgd = (pgd: bigint): bigint => pgd & ~PTI_PGTABLE_SWITCH_BIT

/** kernel_to_user_pgdp(): the table that user mode runs on. */
export const kernelToUserPgd = (pgd: bigint): bigint => pgd | PTI_PGTABLE_SWITCH_BIT
