import type { Btf } from '../../btf/btf.js'
import type { AddressRange } from '../../symbols/areas.js'
import { FIXADDR_TOP } from './x86_64.js'

const PAGE_SIZE = 0x1000n

export interface Fixmap extends AddressRange {
  /** Whether VSYSCALL_PAGE is one of its pages: CONFIG_X86_VSYSCALL_EMULATION. */
  readonly vsyscall: boolean
}

/**
 * The pages with addresses that are known when the kernel is built: from FIXADDR_START to FIXADDR_TOP and
 * its page, by `enum fixed_addresses`. Undefined if BTF does not have it.
 */
export function fixmapOf(types: Btf): Fixmap | undefined {
  const values = types.find('fixed_addresses', 'enum')?.values ?? []
  const value = (name: string) => values.find((enumerator) => enumerator.name === name)?.value
  const count = value('__end_of_permanent_fixed_addresses')
  if (count === undefined) return undefined
  return { ...fixmapRange(BigInt(count)), vsyscall: value('VSYSCALL_PAGE') !== undefined }
}

/** FIXADDR_START is FIXADDR_TOP - FIXADDR_SIZE, with a page for each of the fixed addresses. */
export function fixmapRange(count: bigint): AddressRange {
  return { start: FIXADDR_TOP - count * PAGE_SIZE, end: FIXADDR_TOP + PAGE_SIZE }
}
