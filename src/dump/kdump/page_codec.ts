import { unzlibSync } from 'fflate'
import { decompress as decompressZstd } from 'fzstd'
import { FormatError } from '../../errors.js'
import { decompressLzo1x } from './lzo1x.js'
import { decompressSnappy } from './snappy.js'
import { zstdContentSize } from './zstd_frame.js'

interface Codec {
  readonly name: string
  /** Fills `page`, and gives how many bytes came out. */
  decompress(data: Uint8Array, page: Uint8Array): number
}

/** By the flags DUMP_DH_COMPRESSED_* of a page, and of the header of an image (makedumpfile's diskdump_mod.h). */
const CODECS: ReadonlyMap<number, Codec> = new Map([
  [0x1, { name: 'zlib', decompress: unzlib }],
  [0x2, { name: 'lzo', decompress: decompressLzo1x }],
  [0x4, { name: 'snappy', decompress: decompressSnappy }],
  [0x20, { name: 'zstd', decompress: unzstd }],
])

/** How pages with these flags are compressed, or undefined if they are not. */
export function compressionOf(flags: number): string | undefined {
  return codecOf(flags)?.name
}

/** A page out of its compressed data. Throws whatever a decompressor throws at what it cannot read. */
export function decompressPage(flags: number, data: Uint8Array, size: number): Uint8Array {
  const codec = codecOf(flags)
  if (codec === undefined) return data
  const page = new Uint8Array(size)
  const count = codec.decompress(data, page)
  if (count === size) return page
  throw new FormatError(`${codec.name} data`, data.length, `${size} bytes come out, not ${count}`)
}

function codecOf(flags: number): Codec | undefined {
  for (const [flag, codec] of CODECS) if ((flags & flag) !== 0) return codec
  return undefined
}

/** RFC 1950; the checksum at the end is one that fflate does not look at. */
function unzlib(data: Uint8Array, page: Uint8Array): number {
  const { length } = unzlibSync(data, { out: page })
  const end = data.length - 4
  const stored = new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(end)
  if (stored !== adler32(page.subarray(0, length))) {
    throw new FormatError('zlib data', end, 'the checksum of what came out')
  }
  return length
}

/** A page is too short for the sums to exceed 53 bits before the end. */
function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (let i = 0; i < bytes.length; i++) {
    a += bytes[i]!
    b += a
  }
  return (b % 65521) * 65536 + (a % 65521)
}

/** fzstd writes as far as the buffer reaches, and does not say how far that was. */
function unzstd(data: Uint8Array, page: Uint8Array): number {
  const output = new ZstdOutput(page.length)
  decompressZstd(data, output)
  page.set(output)
  return zstdContentSize(data) ?? page.length
}

/** fzstd compares its buffer with a number, for which all its bytes would be written out as text. */
class ZstdOutput extends Uint8Array {
  override toString(): string {
    return 'output'
  }
}
