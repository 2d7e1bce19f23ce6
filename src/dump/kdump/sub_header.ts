import type { ByteSource } from '../../bytes/byte_source.js'
import { readRange } from '../file_bytes.js'
import type { KdumpHeader } from './header.js'

/** A part of the file. */
export interface FileRange {
  readonly offset: bigint
  readonly size: bigint
}

/** `struct kdump_sub_header` of makedumpfile's diskdump_mod.h; later versions of the header have more of it. */
export interface KdumpSubHeader {
  /** What makedumpfile was told to exclude (-d): 1 zero pages, 2 and 4 page cache, 8 user data, 16 free pages. */
  readonly dumpLevel: number
  /** The pages that this file of a split image has: from the first on, up to the second. */
  readonly split: { readonly start: bigint; readonly end: bigint } | undefined
  readonly vmcoreinfo: FileRange | undefined
  readonly notes: FileRange | undefined
  readonly maxMapnr: bigint
}

const SIZE = 104

/** Offsets of members. Where a long has 32 bits, an architecture may align 64-bit members to 4 or to 8 bytes. */
const LAYOUTS = {
  64: { level: 8, pfns: 16, vmcoreinfo: 32, notes: 48, wide: 80 },
  packed: { level: 4, pfns: 12, vmcoreinfo: 20, notes: 32, wide: 56 },
  padded: { level: 4, pfns: 12, vmcoreinfo: 24, notes: 40, wide: 72 },
} as const

export function readKdumpSubHeader(source: ByteSource, header: KdumpHeader): KdumpSubHeader {
  const { version, bits, littleEndian } = header
  const bytes = readRange(source, header.blockSize, SIZE, 'the sub header')
  const view = new DataView(bytes.buffer)
  const u64 = (at: number) => view.getBigUint64(at, littleEndian)
  const long = (at: number) => (bits === 64 ? u64(at) : BigInt(view.getUint32(at, littleEndian)))
  const range = (at: number) => ({ offset: u64(at), size: long(at + 8) })
  const layout =
    LAYOUTS[bits === 64 ? 64 : /^i[3-6]86$/.test(header.uts.machine) ? 'packed' : 'padded']
  const { level, pfns, wide } = layout
  const split = () =>
    version >= 6
      ? { start: u64(wide), end: u64(wide + 8) }
      : { start: long(pfns), end: long(pfns + bits / 8) }
  return {
    dumpLevel: version >= 1 ? view.getUint32(level, littleEndian) : 0,
    split: version >= 2 && view.getUint32(level + 4, littleEndian) !== 0 ? split() : undefined,
    vmcoreinfo: version >= 3 ? range(layout.vmcoreinfo) : undefined,
    notes: version >= 4 ? range(layout.notes) : undefined,
    maxMapnr: version >= 6 ? u64(wide + 16) : BigInt(header.maxMapnr),
  }
}
