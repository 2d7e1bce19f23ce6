import type { VmaResidency } from '../../kernel/residency.js'
import type { ShownPart } from './part.js'

const NOTHING: VmaResidency = {
  resident: 0,
  swapped: 0,
  huge: 0,
  hugetlb: 0,
  special: 0,
  guard: 0,
}

/** What of a part is in memory and in swap; undefined for what is no mapping. */
export function amountsOf(part: ShownPart): VmaResidency | undefined {
  return part.type === 'mapping' || part.type === 'folded' ? part.residency : undefined
}

export function sumOf(all: readonly VmaResidency[]): VmaResidency {
  const sum = { ...NOTHING }
  for (const one of all) {
    sum.resident += one.resident
    sum.swapped += one.swapped
    sum.huge += one.huge
    sum.hugetlb += one.hugetlb
    sum.special += one.special
    sum.guard += one.guard
  }
  return sum
}
