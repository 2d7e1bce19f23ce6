import { hex } from '../../bytes/hex.js'
import type { ShowPointer } from '../render/pointers.js'

/** The first address of the kernel's half, whatever the paging mode. */
const KERNEL_HALF = 1n << 63n

/** What follows the last address, and is none. */
const END = 1n << 64n

/** Addresses of processes as they are, those of the kernel's half as pointers are shown. */
export function addressShower(pointer: ShowPointer): ShowPointer {
  return (address) => (isKernelAddress(address) ? pointer(address) : hex(address))
}

export function isKernelAddress(address: bigint): boolean {
  return address >= KERNEL_HALF && address < END
}
