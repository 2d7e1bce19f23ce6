import type { AddressRange } from '../../symbols/areas.js'

/** A part of the virtual addresses, and what it is set aside for. */
export interface Region extends AddressRange {
  /** Such as `vmalloc` or `kernel text`. */
  readonly name: string
  /** A `hole` is in no address space at all; in what is `unused` the kernel maps nothing. */
  readonly kind: 'user' | 'kernel' | 'unused' | 'hole'
  /** What the kernel's sources call its start: a macro or a symbol of the linker. */
  readonly macro?: string
  /** Where its bounds are known from. */
  readonly how: string
  /** KASLR moves it: by itself, or with the kernel's image. */
  readonly moved?: 'memory' | 'image'
}

/** One past the last address of 64 bits. */
export const TOP = 1n << 64n

/** The addresses from `start` on. */
export function sized(start: bigint, size: bigint): AddressRange {
  return { start, end: start + size }
}

export function kernelRegion(
  name: string,
  macro: string,
  start: bigint,
  end: bigint,
  how: string,
): Region {
  return { name, kind: 'kernel', macro, start, end, how }
}
