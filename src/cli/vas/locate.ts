import { hex } from '../../bytes/hex.js'
import type { AddressRange, Part } from './part.js'
import { partName } from './part_name.js'

/** What is at a place, a line for each part. */
export function locationLines(parts: readonly Part[], place: AddressRange): string[] {
  const found = parts.filter((part) => part.start < place.end && place.start < part.end)
  if (found.length === 0) return [`${hex(place.start)} is not in the half that is shown`]
  return found.map((part) => {
    const at = part.start > place.start ? part.start : place.start
    const { what, path } = partName(part)
    const inside = at - part.start
    return `${hex(at)} is at +${hex(inside)} of ${[what, path].filter(Boolean).join(' ')}`
  })
}
