import type { ByteSource } from '../../bytes/byte_source.js'
import { FormatError, UnsupportedError } from '../../errors.js'
import { readStart } from '../file_bytes.js'
import { untilNul } from '../text.js'

/** `struct disk_dump_header` of makedumpfile's diskdump_mod.h, as far as it is of use. */
export interface KdumpHeader {
  readonly bits: 32 | 64
  readonly littleEndian: boolean
  readonly version: number
  readonly uts: { readonly [member in UtsMember]: string }
  /** Seconds since 1970, or 0. */
  readonly timestamp: number
  readonly status: number
  /** Of a page of memory, and of a block of the file. */
  readonly blockSize: number
  readonly subHeaderBlocks: number
  readonly bitmapBlocks: number
  /** As 32 bits hold it. */
  readonly maxMapnr: number
}

const SIGNATURE = 'KDUMP   '
const SIGNATURE_OF_DISKDUMP = 'DISKDUMP'

/** `struct new_utsname`: strings of 65 bytes, behind the signature and the version. */
const UTS_MEMBERS = ['sysname', 'nodename', 'release', 'version', 'machine', 'domainname'] as const
type UtsMember = (typeof UTS_MEMBERS)[number]
const UTS_AT = 12
const UTS_LENGTH = 65

/** Of timestamp and status: a timeval is two longs, and aligned as they are. */
const LAYOUT = {
  32: { timestamp: 404, status: 412 },
  64: { timestamp: 408, status: 424 },
} as const
const HEADER_SIZE = 464

/** Of both together: for 64 TiB of RAM with pages of 4 KiB. */
const MAX_BITMAPS = 2 ** 32

/** The file does not say how it is to be read: what makes sense is right. */
const READINGS = [
  [64, true],
  [32, true],
  [64, false],
  [32, false],
] as const

export function isKdump(start: Uint8Array): boolean {
  const signature = untilNul(start.subarray(0, SIGNATURE.length))
  return signature === SIGNATURE || signature === SIGNATURE_OF_DISKDUMP
}

export function readKdumpHeader(source: ByteSource): KdumpHeader {
  const bytes = readStart(source, HEADER_SIZE)
  if (untilNul(bytes.subarray(0, SIGNATURE.length)) === SIGNATURE_OF_DISKDUMP) {
    throw new UnsupportedError(
      `cannot open ${source.name}`,
      'it was written by diskdump, which kdump replaced in Linux 2.6.13',
    )
  }
  if (bytes.length < HEADER_SIZE) {
    throw new FormatError(source.name, bytes.length, `a header of ${HEADER_SIZE} bytes`)
  }
  for (const [bits, littleEndian] of READINGS) {
    const header = parse(bytes, bits, littleEndian)
    if (makesSense(header)) return header
  }
  throw new FormatError(
    source.name,
    LAYOUT[64].status + 4,
    'a block size that is a power of two from 4096 on, and fewer blocks than a file can have',
  )
}

function parse(bytes: Uint8Array, bits: 32 | 64, littleEndian: boolean): KdumpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { timestamp, status } = LAYOUT[bits]
  const u32 = (at: number) => view.getUint32(at, littleEndian)
  return {
    bits,
    littleEndian,
    version: u32(SIGNATURE.length),
    uts: readUts(bytes),
    timestamp: bits === 64 ? Number(view.getBigInt64(timestamp, littleEndian)) : u32(timestamp),
    status: u32(status),
    blockSize: u32(status + 4),
    subHeaderBlocks: u32(status + 8),
    bitmapBlocks: u32(status + 12),
    maxMapnr: u32(status + 16),
  }
}

function readUts(bytes: Uint8Array): { [member in UtsMember]: string } {
  const members = UTS_MEMBERS.map((member, i) => {
    const at = UTS_AT + i * UTS_LENGTH
    return [member, untilNul(bytes.subarray(at, at + UTS_LENGTH))] as const
  })
  return Object.fromEntries(members) as { [member in UtsMember]: string }
}

function makesSense({ version, blockSize, subHeaderBlocks, bitmapBlocks }: KdumpHeader): boolean {
  const isPageSize =
    blockSize >= 4096 && blockSize <= 1 << 20 && (blockSize & (blockSize - 1)) === 0
  return (
    isPageSize &&
    version < 1 << 16 &&
    subHeaderBlocks < 1 << 20 &&
    bitmapBlocks * blockSize <= MAX_BITMAPS
  )
}
