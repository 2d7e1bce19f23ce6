import { VM } from '../../kernel/vm_flags.js'
import { sumOf } from './amounts.js'
import type { AddressRange, FoldedPart, Hole, MappedPart, Part, ShownPart } from './part.js'

/** Nobody reads a map of more mappings than this. */
const MOST_MAPPINGS = 300

interface Way {
  /** Fewer neighbours than this stay as they are. */
  readonly fewest: number
  readonly acrossHoles: boolean
}

const WAYS: readonly Way[] = [
  { fewest: 16, acrossHoles: false },
  { fewest: 16, acrossHoles: true },
  { fewest: 4, acrossHoles: true },
]

/**
 * A map that is not too long to read: where there are very many mappings, neighbours that belong to the
 * same file, or to none, are folded into one part, no more of them than must be. What `apart` overlaps
 * stays as it is.
 */
export function fold(parts: readonly Part[], apart: readonly AddressRange[]): readonly ShownPart[] {
  let shown: readonly ShownPart[] = parts
  for (const way of WAYS) {
    if (mappingsIn(shown) <= MOST_MAPPINGS) break
    shown = foldRuns(parts, apart, way)
  }
  return shown
}

function mappingsIn(parts: readonly ShownPart[]): number {
  return parts.filter(({ type }) => type === 'mapping' || type === 'folded').length
}

function foldRuns(
  parts: readonly Part[],
  apart: readonly AddressRange[],
  { fewest, acrossHoles }: Way,
): ShownPart[] {
  const shown: ShownPart[] = []
  let run: Part[] = []
  let owner: string | undefined
  const end = () => {
    shown.push(...folded(run, fewest))
    run = []
    owner = undefined
  }
  for (const part of parts) {
    const isApart = apart.some(({ start, end }) => part.start < end && start < part.end)
    const next = isApart ? undefined : ownerOf(part)
    const continues =
      owner !== undefined &&
      (part.type === 'hole' ? acrossHoles && !isApart && part.half === 'user' : next === owner)
    if (!continues) end()
    run.push(part)
    if (part.type !== 'hole') owner = next
  }
  end()
  return shown
}

/** A run as one part; holes at its end are not of it. */
function folded(run: readonly Part[], fewest: number): ShownPart[] {
  const mapped = run.filter((part): part is MappedPart => part.type === 'mapping')
  const last = run.findLastIndex(({ type }) => type !== 'hole')
  if (mapped.length < fewest) return [...run]
  const inside = run.slice(0, last + 1)
  const part: FoldedPart = {
    type: 'folded',
    start: inside[0]!.start,
    end: inside.at(-1)!.end,
    parts: mapped,
    holes: inside.filter((part): part is Hole => part.type === 'hole'),
    residency: sumOf(mapped.map(({ residency }) => residency)),
  }
  return [part, ...run.slice(last + 1)]
}

/** What a mapping belongs to; what may be written and executed is never hidden among others. */
function ownerOf(part: Part): string | undefined {
  if (part.type !== 'mapping') return undefined
  const { kind, image, file, flags, name } = part.segment
  if (kind === 'heap' || kind === 'stack' || kind === 'vdso' || kind === 'vvar') return undefined
  const owner = image ?? file?.path ?? name ?? ''
  return `${isWritableText(flags) ? 'WX' : ''}:${owner}`
}

/** Whether a mapping can be written and executed. */
export function isWritableText(flags: bigint): boolean {
  return (flags & (VM.VM_WRITE | VM.VM_EXEC)) === (VM.VM_WRITE | VM.VM_EXEC)
}
