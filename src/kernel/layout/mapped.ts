import { forEachMapping } from '../../memory/paging/mappings.js'
import type { AddressRange } from '../../symbols/areas.js'
import type { Kernel } from '../kernel.js'

export interface Mapped {
  /** Bytes of virtual addresses that the kernel's own page tables map. */
  readonly bytes: bigint
  /** Why it may be more; undefined if all tables could be read. */
  readonly incomplete: string | undefined
}

/** How much of a range is mapped by `swapper_pg_dir`; what each mm has of its own is not in it. */
export function mappedBytes(kernel: Kernel, { start, end }: AddressRange): Mapped {
  const { mode, root } = kernel.pageTables
  let bytes = 0n
  let incomplete: string | undefined
  const left = ({ why }: { readonly why: string }) => {
    incomplete ??= why
  }
  for (const { virtual, length } of forEachMapping(mode, kernel.physical, root, start, end, left)) {
    // Pages are whole, and sections need not be.
    const last = virtual + length
    bytes += (last < end ? last : end) - (virtual > start ? virtual : start)
  }
  return { bytes, incomplete }
}

/** The first address in a range that is mapped. */
export function firstMapping(kernel: Kernel, { start, end }: AddressRange): bigint | undefined {
  const { mode, root } = kernel.pageTables
  for (const { virtual } of forEachMapping(mode, kernel.physical, root, start, end)) return virtual
  return undefined
}

/** From the first address in a range that is mapped to the end of the last; undefined if none is. */
export function mappedSpan(kernel: Kernel, range: AddressRange): AddressRange | undefined {
  const { mode, root } = kernel.pageTables
  let start: bigint | undefined
  let end = 0n
  for (const mapping of forEachMapping(mode, kernel.physical, root, range.start, range.end)) {
    start ??= mapping.virtual
    end = mapping.virtual + mapping.length
  }
  return start === undefined ? undefined : { start, end }
}
