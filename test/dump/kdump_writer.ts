import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'

export const PAGE_SIZE = 4096

/** DUMP_DH_COMPRESSED_* of makedumpfile's diskdump_mod.h. */
export const FLAGS = { none: 0, zlib: 1, lzo: 2, snappy: 4, zstd: 0x20 } as const
export type Compression = keyof typeof FLAGS

const LIBRARIES = ['lzo/lzo1x.h', 'snappy-c.h', 'zstd.h']
/** Whether the libraries are there that pages are compressed with: liblzo2, libsnappy, libzstd. */
export const hasCompressors = LIBRARIES.every((header) => existsSync(`/usr/include/${header}`))

/** Compresses pages with the libraries that makedumpfile uses. */
export class Compressor {
  private readonly program: string

  constructor(folder: string) {
    this.program = join(folder, 'compress_pages')
    const libraries = ['-llzo2', '-lsnappy', '-lzstd']
    execFileSync('gcc', ['-o', this.program, 'test/programs/compress_pages.c', ...libraries])
  }

  compress(pages: readonly Uint8Array[], how: Compression): Uint8Array[] {
    if (how === 'none') return [...pages]
    if (how === 'zlib') return pages.map((page) => deflateSync(page))
    const options = { input: Buffer.concat(pages), maxBuffer: 2 ** 30 }
    const output = execFileSync(this.program, [how], options)
    let at = 0
    return pages.map(() => {
      const size = output.readUInt32LE(at)
      at += 4 + size
      return output.subarray(at - size, at)
    })
  }
}

/** An image to be written. Pages are in the order of their page frames. */
export interface Image {
  readonly pages: ReadonlyMap<number, { readonly data: Uint8Array; readonly flags: number }>
  /** Page frames that exist. */
  readonly existing: Iterable<number>
  readonly maxMapnr: number
  readonly compression: Compression
  readonly notes?: Uint8Array
  readonly dumpLevel?: number
  readonly version?: number
  readonly bits?: 32 | 64
  readonly machine?: string
  readonly littleEndian?: boolean
}

/**
 * A file in the format that makedumpfile's IMPLEMENTATION describes: makedumpfile of Debian 12 cannot
 * write zstd and snappy, nor read Linux 6.12.
 */
export function writeKdump(image: Image): Buffer {
  const { pages, maxMapnr, notes = new Uint8Array() } = image
  const half = Math.ceil(maxMapnr / 8 / PAGE_SIZE)
  const subHeaderBlocks = 1 + Math.ceil(notes.length / PAGE_SIZE)
  const bitmapsAt = (1 + subHeaderBlocks) * PAGE_SIZE
  const descriptorsAt = bitmapsAt + 2 * half * PAGE_SIZE
  const start = Buffer.alloc(descriptorsAt)
  writeHeaders(start, image, { subHeaderBlocks, bitmapBlocks: 2 * half, notes: notes.length })
  start.set(notes, 2 * PAGE_SIZE)
  setBits(start.subarray(bitmapsAt), image.existing)
  setBits(start.subarray(bitmapsAt + half * PAGE_SIZE), pages.keys())
  const descriptors = Buffer.alloc(24 * pages.size)
  let at = descriptorsAt + descriptors.length
  let index = 0
  for (const { data, flags } of pages.values()) {
    const field = fields(descriptors, image, 24 * index++)
    field.u64(0, at)
    field.u32(8, data.length)
    field.u32(12, flags)
    at += data.length
  }
  return Buffer.concat([start, descriptors, ...Array.from(pages.values(), ({ data }) => data)])
}

interface Sizes {
  readonly subHeaderBlocks: number
  readonly bitmapBlocks: number
  readonly notes: number
}

function writeHeaders(into: Buffer, image: Image, sizes: Sizes): void {
  const { version = 6, bits = 64, machine = 'x86_64', maxMapnr } = image
  into.write('KDUMP   ')
  const header = fields(into, image, 0)
  header.u32(8, version)
  for (const [i, text] of ['Linux', 'node', '1.2.3', '#1', machine].entries()) {
    into.write(text, 12 + 65 * i)
  }
  const status = bits === 64 ? 424 : 412
  const values = [FLAGS[image.compression], PAGE_SIZE, sizes.subHeaderBlocks, sizes.bitmapBlocks]
  for (const [i, value] of [...values, Math.min(maxMapnr, 2 ** 32 - 1)].entries()) {
    header.u32(status + 4 * i, value)
  }
  const subHeader = fields(into, image, PAGE_SIZE)
  const packed = machine === 'i686' ? 0 : 4
  subHeader.u32(bits === 64 ? 8 : 4, image.dumpLevel ?? 0)
  if (version >= 4) {
    const at = bits === 64 ? 48 : 32 + 2 * packed
    subHeader.u64(at, 2 * PAGE_SIZE)
    if (bits === 64) subHeader.u64(at + 8, sizes.notes)
    else subHeader.u32(at + 8, sizes.notes)
  }
  if (version >= 6) subHeader.u64(bits === 64 ? 96 : 72 + 4 * packed, maxMapnr)
}

function fields(buffer: Buffer, { littleEndian = true }: Image, base: number) {
  return {
    u32: (at: number, value: number) => {
      if (littleEndian) buffer.writeUInt32LE(value, base + at)
      else buffer.writeUInt32BE(value, base + at)
    },
    u64: (at: number, value: number) => {
      if (littleEndian) buffer.writeBigUInt64LE(BigInt(value), base + at)
      else buffer.writeBigUInt64BE(BigInt(value), base + at)
    },
  }
}

function setBits(bitmap: Uint8Array, bits: Iterable<number>): void {
  for (const bit of bits) bitmap[bit >>> 3]! |= 1 << (bit & 7)
}

/** The flattened form, in chunks of `size` bytes, the last first: readers must put them in order. */
export function flatten(file: Uint8Array, size: number): Buffer {
  const header = Buffer.alloc(4096)
  header.write('makedumpfile')
  header.writeBigInt64BE(1n, 16)
  header.writeBigInt64BE(1n, 24)
  const chunks: Uint8Array[] = []
  for (let at = 0; at < file.length; at += size) {
    const data = file.subarray(at, at + size)
    chunks.unshift(chunkHeader(at, data.length), data)
  }
  return Buffer.concat([header, ...chunks, chunkHeader(-1, -1)])
}

export function chunkHeader(offset: number, size: number): Buffer {
  const header = Buffer.alloc(16)
  header.writeBigInt64BE(BigInt(offset), 0)
  header.writeBigInt64BE(BigInt(size), 8)
  return header
}

/** A kdump file of a raw image. */
export function repack(
  ram: Buffer,
  notes: Uint8Array,
  how: Compression,
  compressor: Compressor,
): Buffer {
  const originals = Array.from({ length: ram.length / PAGE_SIZE }, (_, pfn) => {
    return ram.subarray(pfn * PAGE_SIZE, (pfn + 1) * PAGE_SIZE)
  })
  const pages = compressor.compress(originals, how).map((data, pfn) => {
    const isSmall = data.length < PAGE_SIZE
    return [
      pfn,
      { data: isSmall ? data : originals[pfn]!, flags: isSmall ? FLAGS[how] : 0 },
    ] as const
  })
  const existing = originals.keys()
  return writeKdump({
    pages: new Map(pages),
    existing,
    maxMapnr: originals.length,
    compression: how,
    notes,
  })
}
