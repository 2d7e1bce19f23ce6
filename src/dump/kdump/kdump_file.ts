import type { ByteSource } from '../../bytes/byte_source.js'
import { FormatError } from '../../errors.js'
import { readRange } from '../file_bytes.js'
import { Window } from '../window.js'
import { Bitmap } from './bitmap.js'
import { type KdumpHeader, readKdumpHeader } from './header.js'
import { compressionOf, decompressPage } from './page_codec.js'
import { type FileRange, type KdumpSubHeader, readKdumpSubHeader } from './sub_header.js'

/** `struct page_desc` of makedumpfile's diskdump_mod.h. */
const DESCRIPTOR_SIZE = 24

/** Descriptors at the end that are looked at to see whether the file was cut off: enough for some to be of pages of their own. */
const LAST_DESCRIPTORS = 512

/** DUMP_DH_COMPRESSED_INCOMPLETE of the header's status. */
const INCOMPLETE = 0x8

const LONGEST_TEXT = 1 << 20

/** Why a page cannot be had. */
export class MissingPage {
  constructor(readonly why: string) {}
}

interface PageDescriptor {
  readonly offset: number
  readonly size: number
  readonly flags: number
}

/**
 * A file in makedumpfile's compressed format: headers; two bitmaps with a bit for each page, of those
 * that exist and of those that were dumped; a descriptor for each page dumped, in the same order.
 */
export class KdumpFile {
  readonly header: KdumpHeader
  readonly subHeader: KdumpSubHeader
  /** How many page frames physical memory has, holes included. */
  readonly maxMapnr: number
  /** The pages that exist. */
  readonly existing: Bitmap
  /** The first page frame of which this file may have the page, and the first behind. */
  readonly start: number
  readonly end: number
  private readonly dumped: Bitmap
  private readonly descriptorsAt: number
  /** For what is read in small pieces. */
  private readonly window: Window

  constructor(readonly source: ByteSource) {
    this.window = new Window(source)
    this.header = readKdumpHeader(source)
    this.subHeader = readKdumpSubHeader(this.window, this.header)
    const { blockSize, subHeaderBlocks, bitmapBlocks } = this.header
    const bitmaps = (1 + subHeaderBlocks) * blockSize
    this.descriptorsAt = bitmaps + bitmapBlocks * blockSize
    if (this.descriptorsAt > source.size) {
      throw new FormatError(
        source.name,
        bitmaps,
        `bitmaps of ${bitmapBlocks} blocks are in the file`,
      )
    }
    const half = (bitmapBlocks * blockSize) / 2
    this.maxMapnr = Math.min(Number(this.subHeader.maxMapnr), 8 * half)
    this.existing = new Bitmap(source, bitmaps, this.maxMapnr)
    this.dumped = new Bitmap(source, bitmaps + half, this.maxMapnr)
    const { split } = this.subHeader
    const bounded = (pfn: bigint) => Math.min(Number(pfn), this.maxMapnr)
    this.start = split === undefined ? 0 : bounded(split.start)
    this.end = split === undefined ? this.maxMapnr : Math.max(this.start, bounded(split.end))
  }

  /** A page of this file, or why it has not got it. Throws what the decompressor throws. */
  page(pfn: number): Uint8Array | MissingPage {
    if (!this.dumped.has(pfn)) return this.notDumped(pfn)
    const index = this.dumped.rank(pfn) - this.dumped.rank(this.start)
    const descriptor = this.descriptors(index, 1)[0]
    if (descriptor === undefined || !this.isWithin(descriptor)) {
      return new MissingPage(
        `${this.source.name} is cut off, and the page would be in what is missing`,
      )
    }
    const { offset, size, flags } = descriptor
    const { blockSize } = this.header
    const fits = compressionOf(flags) === undefined ? size === blockSize : size <= 2 * blockSize
    if (!fits) return new MissingPage(`its page has ${size} bytes in ${this.source.name}`)
    const data = readRange(this.source, offset, size, 'a page')
    return decompressPage(flags, data, blockSize)
  }

  private notDumped(pfn: number): Uint8Array | MissingPage {
    if (!this.existing.has(pfn)) return new MissingPage('there is no RAM')
    const { dumpLevel } = this.subHeader
    // With this level, zero pages are all that is excluded.
    if (dumpLevel === 1) return new Uint8Array(this.header.blockSize)
    return new MissingPage(`makedumpfile excluded the page, dump level ${dumpLevel}`)
  }

  /** Up to `count` descriptors; fewer where the file ends. */
  private descriptors(index: number, count: number): PageDescriptor[] {
    const bytes = new Uint8Array(count * DESCRIPTOR_SIZE)
    const length = this.window.read(this.descriptorsAt + index * DESCRIPTOR_SIZE, bytes)
    const view = new DataView(bytes.buffer)
    const { littleEndian } = this.header
    return Array.from({ length: Math.floor(length / DESCRIPTOR_SIZE) }, (_, i) => ({
      offset: Number(view.getBigUint64(i * DESCRIPTOR_SIZE, littleEndian)),
      size: view.getUint32(i * DESCRIPTOR_SIZE + 8, littleEndian),
      flags: view.getUint32(i * DESCRIPTOR_SIZE + 12, littleEndian),
    }))
  }

  /** A descriptor that was never written is all zeros. */
  private isWithin({ offset, size }: PageDescriptor): boolean {
    return offset >= this.descriptorsAt && offset + size <= this.source.size
  }

  /** What of the file is missing, as far as its header and the end of its descriptors tell. */
  get incomplete(): string | undefined {
    const { name } = this.source
    if ((this.header.status & INCOMPLETE) !== 0) {
      return `makedumpfile could not write all of ${name}: the disk was full`
    }
    const first = this.dumped.rank(this.start)
    const count = this.dumped.rank(this.end) - first
    const last = Math.min(count, LAST_DESCRIPTORS)
    const descriptors = this.descriptors(count - last, last)
    if (descriptors.length === last && descriptors.every((one) => this.isWithin(one)))
      return undefined
    return `${name} is cut off: pages are missing at its end`
  }

  /** A text that the sub header refers to. */
  bytes({ offset, size }: FileRange, what: string): Uint8Array {
    if (size > LONGEST_TEXT) {
      throw new FormatError(this.source.name, this.header.blockSize, `${what} has no ${size} bytes`)
    }
    return readRange(this.window, offset, size, what)
  }
}
