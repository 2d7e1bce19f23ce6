import type { ByteSource } from '../bytes/byte_source.js'
import { FormatError, UnsupportedError } from '../errors.js'
import { Extents } from './extents.js'
import { readRange } from './file_bytes.js'
import { MAX_ADDRESS } from './physical_memory.js'
import { untilNul } from './text.js'
import { Window } from './window.js'
import { withoutOverlaps } from './without_overlaps.js'

const SIGNATURE = 'makedumpfile'
const SIGNATURE_LENGTH = 16
/** Behind the signature, as all numbers of the format: 64 bits, big endian. */
const TYPE = 1n
const VERSION = 1n
/** The header is padded to this size. */
const CHUNKS_AT = 4096
const CHUNK_HEADER_SIZE = 16
const END_OF_CHUNKS = -1n

const READ_AT_ONCE = 1 << 18

/** 300 bytes of memory each while the index is made. */
const MAX_CHUNKS = 1 << 23

/**
 * A file in makedumpfile's flattened form, for what is written to a pipe (`makedumpfile -F`; QEMU's
 * kdump images too): chunks, each with the offset where it belongs, in the order of their being written.
 * This is the file that `makedumpfile -R` would make of it; what no chunk wrote are zeros.
 */
export class FlattenedSource implements ByteSource {
  readonly name: string
  readonly size: number
  private readonly chunks: Extents

  /** Reads the headers of all chunks. */
  constructor(private readonly source: ByteSource) {
    this.name = source.name
    checkHeader(source)
    // What was written later holds: the header is written again in the end.
    this.chunks = withoutOverlaps(readChunks(source))
    this.size = this.chunks.length === 0 ? 0 : this.chunks.end(this.chunks.length - 1)
  }

  read(offset: number, into: Uint8Array): number {
    const length = Math.max(0, Math.min(into.length, this.size - offset))
    let done = 0
    for (let i = this.chunks.findIndex(offset); done < length; i++) {
      const at = offset + done
      const hole = Math.min(length, Math.max(0, this.chunks.start(i) - offset))
      if (hole > done) into.fill(0, done, hole)
      const part = into.subarray(
        Math.max(done, hole),
        Math.min(length, this.chunks.end(i) - offset),
      )
      const skipped = Math.max(0, at - this.chunks.start(i))
      const count = this.source.read(this.chunks.from(i) + skipped, part)
      done = Math.max(done, hole) + count
      if (count < part.length) break
    }
    return done
  }
}

export function isFlattened(start: Uint8Array): boolean {
  return untilNul(start.subarray(0, SIGNATURE_LENGTH)) === SIGNATURE
}

function checkHeader(source: ByteSource): void {
  const header = readRange(source, 0, SIGNATURE_LENGTH + 16, 'the header of the flattened form')
  const view = new DataView(header.buffer)
  const type = view.getBigInt64(SIGNATURE_LENGTH)
  const version = view.getBigInt64(SIGNATURE_LENGTH + 8)
  if (type === TYPE && version === VERSION) return
  throw new UnsupportedError(
    `cannot open ${source.name}`,
    `its flattened form has type ${type} and version ${version}, and only type 1, version 1 is known`,
  )
}

/** The chunks in the order of their being written, as far as the file goes. */
function readChunks(file: ByteSource): Extents {
  // Chunks are small: to read all in order takes a disk less time than to jump from header to header.
  const source = new Window(file, READ_AT_ONCE)
  const chunks = new Extents()
  const view = new DataView(new ArrayBuffer(CHUNK_HEADER_SIZE))
  let at = CHUNKS_AT
  while (source.read(at, new Uint8Array(view.buffer)) === CHUNK_HEADER_SIZE) {
    const offset = view.getBigInt64(0)
    const size = view.getBigInt64(8)
    if (offset === END_OF_CHUNKS) break
    if (offset < 0n || size <= 0n || offset + size > MAX_ADDRESS) {
      throw new FormatError(source.name, at, `no chunk has offset ${offset} and ${size} bytes`)
    }
    if (chunks.length === MAX_CHUNKS) {
      const expected = `no more than ${MAX_CHUNKS} chunks`
      throw new FormatError(source.name, at, expected, 'convert it with makedumpfile -R')
    }
    at += CHUNK_HEADER_SIZE
    const length = Math.min(Number(size), source.size - at)
    chunks.add(Number(offset), Number(offset) + length, at)
    at += length
  }
  return chunks
}
