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
    totals: totals ?? null,
  }
}

function partJson(part: Part, show: ShowPointer, hidesDistances: boolean) {
  const { type, start, end } = part
  const isSecret = hidesDistances && type === 'hole' && part.half === 'kernel'
  const range = {
    type,
    start: show(start),
    end: show(end),
    size: isSecret ? null : sizeOf(part),
  }
  switch (type) {
    case 'hole':
      return { ...range, half: part.half }
    case 'kernel':
      return { ...range, name: part.name, permissions: part.permissions ?? null }
    case 'mapping':
      return { ...range, ...mappingJson(part) }
  }
}

function mappingJson({ segment, residency }: MappedPart) {
  const { kind, flags, file, name, image, offset, threads, hugePages } = segment
  return {
    kind,
    permissions: vmPermissions(flags),
    name: name ?? null,
    image: image ?? null,
    file:
      file === undefined
        ? null
        : { path: file.path, offset, device: `${file.major}:${file.minor}`, inode: file.inode },
    threads: threads.map(({ tid }) => tid),
    hugePages: hugePages ?? null,
    ...residency,
  }
}
