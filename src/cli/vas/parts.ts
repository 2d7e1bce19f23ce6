import type { Residency } from '../../kernel/residency.js'
import type { Segment } from '../../kernel/segments.js'
import type { AddressSpace } from '../address_space.js'
import type { Hole, KernelPart, MappedPart, Part } from './part.js'

export interface Halves {
  readonly user: boolean
  readonly kernel: boolean
}

/** The whole of an address space without a gap, in ascending order. */
export function wholeSpace(
  { user, kernel }: AddressSpace,
  segments: readonly Segment[],
  residency: Residency,
  regions: readonly KernelPart[],
  halves: Halves,
): Part[] {
  const mapped = segments.map((segment, i): MappedPart => {
    const { start, end } = segment
    return { type: 'mapping', start, end, segment, residency: residency.vmas[i]! }
  })
  const userEnd = user.last + 1n
  return [
    ...(halves.user ? withHoles(mapped, user.first, userEnd, 'user') : []),
    ...(halves.user && halves.kernel ? [hole(userEnd, kernel.first, 'non-canonical')] : []),
    ...(halves.kernel ? withHoles(regions, kernel.first, kernel.last + 1n, 'kernel') : []),
  ]
}

/** Mappings that changed while they were listed may overlap: there is no hole between these. */
function withHoles(
  parts: readonly (MappedPart | KernelPart)[],
  start: bigint,
  end: bigint,
  half: Hole['half'],
): Part[] {
  const all: Part[] = []
  let at = start
  for (const part of parts) {
    if (part.start > at) all.push(hole(at, part.start, half))
    all.push(part)
    if (part.end > at) at = part.end
  }
  if (at < end) all.push(hole(at, end, half))
  return all
}

function hole(start: bigint, end: bigint, half: Hole['half']): Hole {
  return { type: 'hole', start, end, half }
}
