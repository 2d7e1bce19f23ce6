import { vmPermissions } from '../../kernel/vm_flags.js'
import type { ShowPointer } from '../render/pointers.js'
import { addressShower } from './address.js'
import { type MappedPart, type Part, sizeOf } from './part.js'

const HEADER = [
  ...['type', 'start', 'end', 'size', 'kind', 'permissions', 'path', 'offset', 'device', 'inode'],
  ...['resident', 'swapped', 'huge', 'hugetlb', 'special', 'guard', 'threads'],
] as const

/** A field: the value of a column of a part. */
type Fields = Partial<Record<(typeof HEADER)[number], string | number | bigint>>

/** All parts as RFC 4180 has comma-separated values, with a header. Amounts are in bytes. */
export function vasCsv(
  parts: readonly Part[],
  pointer: ShowPointer,
  hidesDistances: boolean,
): string {
  const show = addressShower(pointer)
  const rows = parts.map((part) => {
    const fields = fieldsOf(part, show, hidesDistances)
    return HEADER.map((name) => field(fields[name])).join(',')
  })
  return `${[HEADER.join(','), ...rows].join('\r\n')}\r\n`
}

function fieldsOf(part: Part, show: ShowPointer, hidesDistances: boolean): Fields {
  const { type, start, end } = part
  const secret = hidesDistances && type === 'hole' && part.half === 'kernel'
  const range = { type, start: show(start), end: show(end), size: secret ? '' : sizeOf(part) }
  switch (type) {
    case 'hole':
      return { ...range, kind: part.half }
    case 'kernel':
      return { ...range, kind: part.name, permissions: part.permissions ?? '' }
    case 'mapping':
      return { ...range, ...mappingFields(part) }
  }
}

function mappingFields({ segment, residency }: MappedPart): Fields {
  const { kind, flags, file, name, image, offset, threads } = segment
  const device = file === undefined ? '' : `${file.major}:${file.minor}`
  return {
    kind,
    permissions: vmPermissions(flags),
    path: file?.path ?? name ?? image ?? '',
    offset: file === undefined ? '' : offset,
    device,
    inode: file?.inode ?? '',
    ...residency,
    threads: threads.map(({ tid }) => tid).join(' '),
  }
}

/** RFC 4180, 2.5 to 2.7 */
function field(value: string | number | bigint | undefined): string {
  const text = String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
