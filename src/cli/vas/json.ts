import { vmPermissions } from '../../kernel/vm_flags.js'
import type { ProcessMm } from '../process_mm.js'
import type { ShowPointer } from '../render/pointers.js'
import { addressShower } from './address.js'
import { type MappedPart, type Part, sizeOf } from './part.js'
import type { Totals } from './totals.js'

/** An address space for programs: all parts in ascending order, amounts in bytes. */
export function vasJson(
  { pid, comm }: ProcessMm,
  parts: readonly Part[],
  totals: Totals | undefined,
  pointer: ShowPointer,
  hidesDistances: boolean,
) {
  const show = addressShower(pointer)
  return {
    pid,
    comm,
    parts: parts.map((part) => partJson(part, show, hidesDistances)),
    totals: totals === undefined ? null : { ...totals, mapped: exact(totals.mapped) },
  }
}

/** Each written out, since there may be very many. */
function partJson(part: Part, show: ShowPointer, hidesDistances: boolean): object {
  const { type } = part
  const [start, end] = [show(part.start), show(part.end)]
  const isSecret = hidesDistances && type === 'hole' && part.half === 'kernel'
  const size = isSecret ? null : exact(sizeOf(part))
  if (type === 'mapping') return mappingJson(part, start, end, size)
  if (type === 'hole') return { type, start, end, size, half: part.half }
  return { type, start, end, size, name: part.name, permissions: null }
}

function mappingJson(
  { type, segment, residency }: MappedPart,
  start: string,
  end: string,
  size: number | string | null,
): object {
  const { file } = segment
  return {
    type,
    start,
    end,
    size,
    kind: segment.kind,
    permissions: vmPermissions(segment.flags),
    name: segment.name ?? null,
    image: segment.image ?? null,
    path: file?.path ?? null,
    offset: file === undefined ? null : exact(segment.offset),
    device: file === undefined ? null : `${file.major}:${file.minor}`,
    inode: file === undefined ? null : exact(file.inode),
    threads: segment.threads.map(({ tid }) => tid),
    hugePages: segment.hugePages ?? null,
    resident: residency.resident,
    swapped: residency.swapped,
    huge: residency.huge,
    hugetlb: residency.hugetlb,
    special: residency.special,
    guard: residency.guard,
  }
}

/** As any JSON of ksight has 64-bit numbers; made here, since there may be very many. */
function exact(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}
