import { bitNames } from '../memory/paging/entry.js'
import type { LevelName } from '../memory/paging/mode.js'
import type { WalkStep } from '../memory/paging/walk.js'
import type { Kernel } from './kernel.js'
import { isLinux } from './version.js'

const PSE_LEVELS: readonly LevelName[] = ['PUD', 'PMD', 'PGD']

/**
 * The flags of a page-table entry that is present, as Linux names its bits (arch/x86/include/asm/
 * pgtable_types.h): `_PAGE_RW` is `writable`, `_PAGE_NX` is `no-execute`. Bits that Linux gives a meaning
 * only in some version are told only there. For an architecture other than x86-64, the manual's names.
 *
 * `special` (Linux 2.6.25, of PMDs since 6.12) marks what has no struct page that the process counts;
 * `uffd-wp` came with 5.7, `devmap` left with 6.17, `saved-dirty` came with 6.6 (shadow stacks).
 */
export function pteFlags(kernel: Kernel, step: WalkStep): string[] {
  const { flags, entry, level, kind } = step
  if (flags === undefined) return []
  return isX86(kernel) ? x86Flags(kernel, entry, level, kind) : [...flags.bits]
}

/** As {@link pteFlags}, of an entry that maps a page, or of those of its bits that are no address. */
export function pteFlagNames(
  kernel: Kernel,
  entry: bigint,
  level: LevelName,
  kind: 'page' | 'no access',
): string[] {
  if (isX86(kernel)) return x86Flags(kernel, entry, level, kind)
  const { page } = kernel.pageTables.mode.levels.find(({ name }) => name === level)!
  const half = 0xffff_ffffn
  return page === undefined ? [] : bitNames(page, Number(entry & half), Number(entry >> 32n))
}

const isX86 = (kernel: Kernel) => kernel.pageTables.mode.name.startsWith('x86')

function x86Flags(
  kernel: Kernel,
  entry: bigint,
  level: LevelName,
  kind: WalkStep['kind'],
): string[] {
  const isSet = (bit: number) => ((entry >> BigInt(bit)) & 1n) === 1n
  const isTable = kind === 'table'
  const isHuge = !isTable && PSE_LEVELS.includes(level)
  const bits = [
    [0, 'present'],
    [1, 'writable'],
    [2, 'user'],
    [3, 'write-through'],
    [4, 'cache-disable'],
    [5, 'accessed'],
    ...(isTable ? [] : leafBits(kernel, kind === 'no access', isHuge)),
    [63, 'no-execute'],
  ] as [number, string][]
  const names = bits.filter(([bit]) => isSet(bit)).map(([, name]) => name)
  const pkey = isTable ? 0n : (entry >> 59n) & 15n
  return pkey === 0n ? names : [...names, `pkey ${pkey}`]
}

function leafBits(kernel: Kernel, protNone: boolean, isHuge: boolean): [number, string][] {
  const shadowStacks = isLinux(kernel, 6, 6)
  const devmap: [number, string] = [shadowStacks ? 57 : 58, 'devmap']
  return [
    [6, 'dirty'],
    [7, isHuge ? 'huge' : 'pat'],
    [8, protNone ? 'prot-none' : 'global'],
    [9, 'special'],
    ...(isLinux(kernel, 5, 7) ? [[10, 'uffd-wp'] as [number, string]] : []),
    [11, 'soft-dirty'],
    ...(isHuge ? [[12, 'pat'] as [number, string]] : []),
    ...(isLinux(kernel, 6, 17) ? [] : [devmap]),
    ...(shadowStacks ? [[58, 'saved-dirty'] as [number, string]] : []),
  ]
}
