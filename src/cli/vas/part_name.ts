import type { Segment } from '../../kernel/segments.js'
import { vmPermissions } from '../../kernel/vm_flags.js'
import { amountText } from '../render/amount_text.js'
import type { FoldedPart, Hole, ShownPart } from './part.js'
import { sizeOf } from './part.js'

/** What a part is, and apart from it the path or name, which may be cut. */
export interface PartName {
  readonly what: string
  readonly path: string
}

export function partName(part: ShownPart): PartName {
  switch (part.type) {
    case 'mapping':
      return { what: segmentKind(part.segment), path: segmentPath(part.segment) }
    case 'kernel':
      return { what: part.name, path: '' }
    case 'hole':
      return { what: holeName(part), path: '' }
    case 'folded':
      return foldedName(part)
  }
}

function holeName({ half }: Hole): string {
  return half === 'non-canonical' ? 'non-canonical: no addresses' : 'hole'
}

function segmentKind({ kind, threads }: Segment): string {
  const tids = threads.map(({ tid }) => tid)
  const stack = kind === 'stack' || kind === 'thread stack'
  if (!stack || tids.length === 0) return kind === 'guard' ? 'guard page of the stack above' : kind
  return `${kind === 'stack' ? 'main stack' : 'stack'} of thread ${tids.join(', ')}`
}

/** The file and the offset in it, or the kernel's name of the mapping where that says more than the kind. */
function segmentPath({ kind, file, name, offset, image }: Segment): string {
  if (file !== undefined) {
    const path = name === undefined || name === file.path ? file.path : `${name} ${file.path}`
    return offset === 0n ? path : `${path} +0x${offset.toString(16)}`
  }
  if (kind === 'bss') return image ?? ''
  return name === undefined || name === `[${kind}]` ? '' : name
}

function foldedName({ parts, holes }: FoldedPart): PartName {
  const kinds = counts(
    parts.map(({ segment }) => `${vmPermissions(segment.flags)} ${segment.kind}`),
  )
  const { image, file, name } = parts[0]!.segment
  const empty = holes.reduce((sum, hole) => sum + sizeOf(hole), 0n)
  const among = holes.length === 0 ? '' : `, ${holes.length} holes of ${amountText(empty)}`
  return {
    what: `${parts.length} mappings folded (${kinds}${among})`,
    path: image ?? file?.path ?? name ?? '',
  }
}

/** `3 rw-p anonymous, 2 ---p guard` */
function counts(names: readonly string[]): string {
  const count = new Map<string, number>()
  for (const name of names) count.set(name, (count.get(name) ?? 0) + 1)
  return [...count].map(([name, times]) => `${times} ${name}`).join(', ')
}
