import type { Residency } from '../../kernel/residency.js'
import { amountsOf, sumOf } from './amounts.js'
import { type MappedPart, type Part, sizeOf } from './part.js'

/** What an address space comes to; in bytes. */
export interface Totals {
  readonly mappings: number
  readonly files: number
  readonly mapped: bigint
  readonly resident: number
  readonly swapped: number
  readonly huge: number
  readonly hugetlb: number
  readonly pageTables: { readonly [level: string]: number }
  readonly pageTableBytes: number
  readonly holes: number
  /** Of the user half, what is not mapped: 0 to 1. */
  readonly sparse: number
}

export function totalsOf(
  user: readonly Part[],
  userSize: bigint,
  { tables }: Residency,
  pageSize: number,
): Totals {
  const mapped = user.filter((part): part is MappedPart => part.type === 'mapping')
  const size = mapped.reduce((sum, part) => sum + sizeOf(part), 0n)
  const { resident, swapped, huge, hugetlb } = sumOf(mapped.map((part) => amountsOf(part)!))
  const count = [...tables.values()].reduce((sum, tables) => sum + tables, 0)
  return {
    mappings: mapped.length,
    files: new Set(mapped.flatMap(({ segment }) => segment.file?.path ?? [])).size,
    mapped: size,
    resident,
    swapped,
    huge,
    hugetlb,
    pageTables: Object.fromEntries(tables),
    pageTableBytes: count * pageSize,
    holes: user.filter(({ type }) => type === 'hole').length,
    sparse: 1 - Number(size) / Number(userSize),
  }
}
