import type { Kernel } from './kernel.js'
import { isLinux } from './version.js'

/** What an entry that is not present says, where it is not empty. */
export type SwapEntry =
  /** `type` is the number of the swap area, in the order in which they were switched on. */
  | ({ readonly kind: 'swap'; readonly type: number; readonly offset: bigint } & SwapBits)
  /** The page frame is on its way to another one, or private to a device, or damaged. */
  | ({
      readonly kind: 'migration' | 'device private' | 'device exclusive' | 'hwpoison'
      readonly pfn: bigint
      readonly access: 'read' | 'read exclusive' | 'write' | undefined
    } & SwapBits)
  /** `markers`: uffd-wp, poisoned (swapin-error before Linux 6.6), guard. */
  | ({ readonly kind: 'marker'; readonly markers: readonly string[] } & SwapBits)
  /** An architecture of which the encoding is not known. */
  | { readonly kind: 'unknown' }

interface SwapBits {
  readonly softDirty: boolean
  readonly uffdWp: boolean
  /** Of anonymous memory: nobody else has the page (Linux 5.19). */
  readonly exclusive: boolean
}

const MAX_SWAPFILES_SHIFT = 5

/**
 * `swp_entry_t pte_to_swp_entry(pte_t pte)` and what include/linux/swapops.h tells by it; undefined for an
 * empty entry. Those of PMDs are alike.
 *
 * On x86-64 the type is in bits 63 to 59 and the offset, inverted for the sake of L1TF, in bits 58 to 9
 * (arch/x86/include/asm/pgtable_64.h, since Linux 4.19). Which types are no swap areas depends on the
 * version and the configuration, of which the functions that the kernel has tell.
 */
export function pteToSwpEntry(kernel: Kernel, entry: bigint): SwapEntry | undefined {
  if (entry === 0n) return undefined
  if (!kernel.pageTables.mode.name.startsWith('x86-64') || !isLinux(kernel, 4, 19)) {
    return { kind: 'unknown' }
  }
  const type = Number(entry >> 59n)
  const offset = (BigInt.asUintN(64, ~entry) >> 9n) & ((1n << 50n) - 1n)
  const bits = {
    softDirty: (entry & 2n) !== 0n,
    uffdWp: isLinux(kernel, 5, 7) && (entry & 4n) !== 0n,
    exclusive: isLinux(kernel, 5, 19) && (entry & 8n) !== 0n,
  }
  const special = specialTypes(kernel)[type - firstSpecial(kernel)]
  if (special === undefined) return { kind: 'swap', type, offset, ...bits }
  if (special.kind === 'marker')
    return { kind: 'marker', markers: markersIn(kernel, offset), ...bits }
  return { kind: special.kind, access: special.access, pfn: offset & pfnMask(kernel), ...bits }
}

interface SpecialType {
  readonly kind: 'migration' | 'device private' | 'device exclusive' | 'hwpoison' | 'marker'
  readonly access: 'read' | 'read exclusive' | 'write' | undefined
}

/** MAX_SWAPFILES */
function firstSpecial(kernel: Kernel): number {
  return 2 ** MAX_SWAPFILES_SHIFT - specialTypes(kernel).length
}

const known = new WeakMap<Kernel, readonly SpecialType[]>()

/** The types behind those of swap areas, in the order of include/linux/swap.h. */
function specialTypes(kernel: Kernel): readonly SpecialType[] {
  let types = known.get(kernel)
  if (types === undefined) {
    types = [
      ...when(has(kernel, 'memory_failure'), one('hwpoison')),
      ...when(has(kernel, 'migrate_pages'), migration(kernel)),
      ...when(hasDevicePrivate(kernel), device(kernel)),
      // CONFIG_PTE_MARKER from Linux 5.19 to 6.1, which is there by default.
      ...when(isLinux(kernel, 5, 19), one('marker')),
    ]
    known.set(kernel, types)
  }
  return types
}

const has = (kernel: Kernel, name: string) => kernel.symbols.find(name) !== undefined
const when = (condition: boolean, types: readonly SpecialType[]) => (condition ? types : [])
const one = (kind: SpecialType['kind'], access?: SpecialType['access']): SpecialType[] => {
  return [{ kind, access }]
}

/** CONFIG_MIGRATION; whether the page is exclusive is told since Linux 5.19. */
function migration(kernel: Kernel): SpecialType[] {
  const exclusive = when(isLinux(kernel, 5, 19), one('migration', 'read exclusive'))
  return [...one('migration', 'read'), ...exclusive, ...one('migration', 'write')]
}

/** CONFIG_DEVICE_PRIVATE: this function (Linux 5.14; it had `_range` behind it up to 6.14) needs it. */
function hasDevicePrivate(kernel: Kernel): boolean {
  return has(kernel, 'make_device_exclusive') || has(kernel, 'make_device_exclusive_range')
}

/** Exclusive access: two types up to Linux 6.14, one since; migration of device memory since 6.19. */
function device(kernel: Kernel): SpecialType[] {
  const own = [...one('device private', 'write'), ...one('device private', 'read')]
  if (!isLinux(kernel, 6, 15)) {
    return [...own, ...one('device exclusive', 'write'), ...one('device exclusive', 'read')]
  }
  return [...own, ...one('device exclusive'), ...when(isLinux(kernel, 6, 19), migration(kernel))]
}

/** PTE_MARKER_UFFD_WP, PTE_MARKER_POISONED (PTE_MARKER_SWAPIN_ERROR), PTE_MARKER_GUARD (Linux 6.13). */
function markersIn(kernel: Kernel, offset: bigint): string[] {
  const names = ['uffd-wp', isLinux(kernel, 6, 6) ? 'poisoned' : 'swapin-error', 'guard']
  return names.filter((_, bit) => ((offset >> BigInt(bit)) & 1n) === 1n)
}

/** SWP_PFN_MASK (Linux 6.1): above it, a migration entry keeps whether its page was young and dirty. */
function pfnMask(kernel: Kernel): bigint {
  if (!isLinux(kernel, 6, 1)) return (1n << 50n) - 1n
  const bits = kernel.vmcoreinfo.number('MAX_PHYSMEM_BITS') ?? 52n
  return (1n << (bits - 12n)) - 1n
}
