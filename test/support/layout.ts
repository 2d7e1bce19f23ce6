import type { Segment } from '../../src/kernel/segments.js'

/** What test/programs/layout.c says of one part of its address space. */
export interface LayoutPart {
  readonly kind: string
  readonly address: bigint
  /** Of a thread's stack. */
  readonly tid: number | undefined
}

export function layoutParts(lines: readonly string[]): LayoutPart[] {
  return lines.map((line) => {
    const [kind, address, tid] = line.split(' ')
    return { kind: kind!, address: BigInt(`0x${address}`), tid: tid ? Number(tid) : undefined }
  })
}

/** What `segments` do not name as the program does. */
export function partsAgainst(parts: readonly LayoutPart[], segments: readonly Segment[]): string[] {
  return parts.flatMap((part) => {
    const segment = segments.find(({ start, end }) => start <= part.address && part.address < end)
    const seen = segment === undefined ? 'nothing' : describe(part, segment)
    const said = part.tid === undefined ? part.kind : `${part.kind} of ${part.tid}`
    return seen === said ? [] : [`${part.address.toString(16)} is ${said}, but seen as ${seen}`]
  })
}

function describe(part: LayoutPart, { kind, hugePages, threads }: Segment): string {
  if (part.kind === 'huge' && hugePages === 'MADV_HUGEPAGE') return 'huge'
  if (part.kind === 'not-huge' && hugePages === 'MADV_NOHUGEPAGE') return 'not-huge'
  const name = kind.replaceAll(' ', '-')
  return part.tid === undefined ? name : `${name} of ${threads.map(({ tid }) => tid)}`
}
