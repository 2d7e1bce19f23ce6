import { vmPermissions } from '../../kernel/vm_flags.js'
import type { ShowPointer } from '../render/pointers.js'
import { addressShower } from './address.js'
import { type MappedPart, type Part, sizeOf } from './part.js'

const RANGE = ['type', 'start', 'end', 'size'] as const
const MAPPING = [
  ...['kind', 'permissions', 'path', 'offset', 'device', 'inode', 'threads'],
  ...['resident', 'swapped', 'huge', 'hugetlb', 'special', 'guard'],
] as const

type Field = string | number | bigint

/** All parts as RFC 4180 has comma-separated values, with a header. Amounts are in bytes. */
export function vasCsv(
  parts: readonly Part[],
  pointer: ShowPointer,
  hidesDistances: boolean,
): string {
  const show = addressShower(pointer)
  const rows = parts.map((part) => {
    const { type, start, end } = part
    const isSecret = hidesDistances && type === 'hole' && part.half === 'kernel'
    const range = [type, show(start), show(end), isSecret ? '' : sizeOf(part)]
    return [...range, ...about(part)].map(field).join(',')
  })
  return `${[[...RANGE, ...MAPPING].join(','), ...rows].join('\r\n')}\r\n`
}

/** Fields of the columns of {@link MAPPING}. */
function about(part: Part): Field[] {
  const { type } = part
  if (type === 'mapping') return aboutMapping(part)
  const known = type === 'hole' ? [part.half] : [part.name, '']
  return [...known, ...MAPPING.slice(known.length).map(() => '')]
}

function aboutMapping({ segment, residency }: MappedPart): Field[] {
  const { kind, flags, file, name, image, offset, threads } = segment
  const { resident, swapped, huge, hugetlb, special, guard } = residency
  return [
    kind,
    vmPermissions(flags),
    file?.path ?? name ?? image ?? '',
    file === undefined ? '' : offset,
    file === undefined ? '' : `${file.major}:${file.minor}`,
    file === undefined ? '' : file.inode,
    threads.map(({ tid }) => tid).join(' '),
    ...[resident, swapped, huge, hugetlb, special, guard],
  ]
}

/** RFC 4180, 2.5 to 2.7 */
function field(value: Field): string {
  if (typeof value !== 'string') return String(value)
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
