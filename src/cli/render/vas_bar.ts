import { amountsOf } from '../vas/amounts.js'
import { type ShownPart, sizeOf } from '../vas/part.js'

const RESIDENT = '█'
const SWAPPED = '▒'
const ABSENT = '░'

/**
 * A block of so many lines: of a mapping, how much of it is in memory and in swap, from below; of a hole
 * nothing but its torn border; what the kernel has of its own is all there, and empty here.
 */
export function bar(part: ShownPart, height: number, width: number): string[] {
  if (part.type === 'hole') {
    const line = `┊${' '.repeat(width)}┊`
    return [...Array.from({ length: height - 1 }, () => line), `├${'┄'.repeat(width)}┤`]
  }
  const cells = cellsOf(part, height * width)
  return Array.from({ length: height }, (_, i) => {
    const from = (height - 1 - i) * width
    const inside = cells.slice(from, from + width)
    return i === height - 1 ? `├${inside}┤` : `│${inside}│`
  })
}

/** One character for each cell, the first cell in the lowest line. */
function cellsOf(part: ShownPart, count: number): string {
  const amounts = amountsOf(part)
  if (amounts === undefined) return ' '.repeat(count)
  const { resident, hugetlb, swapped } = amounts
  const full = share(resident + hugetlb, part, count)
  const swap = Math.min(count - full, share(swapped, part, count))
  return RESIDENT.repeat(full) + SWAPPED.repeat(swap) + ABSENT.repeat(count - full - swap)
}

/** What there is at all is seen, and what is not whole never looks whole. */
function share(bytes: number, part: ShownPart, count: number): number {
  if (bytes === 0) return 0
  const ratio = bytes / Number(sizeOf(part))
  return ratio >= 1
    ? count
    : Math.min(Math.max(1, Math.round(ratio * count)), Math.max(1, count - 1))
}
