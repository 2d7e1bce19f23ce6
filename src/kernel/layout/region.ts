import type { AddressRange } from '../../symbols/areas.js'

/** A part of the virtual addresses, and what the kernel has set it aside for. */
export interface Region extends AddressRange {
  /** Such as `vmalloc` or `kernel text`. */
  readonly name: string
  /** Nothing is ever mapped in a `hole`, or in what of a kernel's half is `unused`. */
  readonly kind: 'user' | 'kernel' | 'unused' | 'hole'
  /** The kernel's own names of where it starts: macros, variables, linker symbols. */
  readonly macro?: string
  /** Where its addresses are known from. */
  readonly how: string
}

/** One past the last address of 64 bits. */
export const TOP = 1n << 64n

/** Whether an address is in a range. */
export const contains = ({ start, end }: AddressRange, address: bigint): boolean =>
  start <= address && address < end
