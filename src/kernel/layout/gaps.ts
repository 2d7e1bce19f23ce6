import { hex } from '../../bytes/hex.js'
import { InconsistentError } from '../../errors.js'
import type { AddressRange } from '../../symbols/areas.js'
import type { Region } from './region.js'

/** The regions, which are in ascending order, with what is between them and around them within `range`. */
export function withGaps(
  regions: readonly Region[],
  { start, end }: AddressRange,
  gap: Omit<Region, keyof AddressRange>,
): Region[] {
  const all: Region[] = []
  let at = start
  for (const region of regions) {
    if (region.start < at || region.end < region.start || region.end > end)
      throw overlap(region, at)
    if (region.start > at) all.push({ ...gap, start: at, end: region.start })
    if (region.end > region.start) all.push(region)
    at = region.end
  }
  if (at < end) all.push({ ...gap, start: at, end })
  return all
}

function overlap({ name, start, end }: Region, at: bigint): InconsistentError {
  return new InconsistentError(
    'cannot tell the layout of the address space',
    `${name} would be from ${hex(start)} to ${hex(end)}, with something else up to ${hex(at)}`,
  )
}
