import type { ByteSource } from '../bytes/byte_source.js'
import { hex } from '../bytes/hex.js'
import { FormatError } from '../errors.js'
import { type Dump, NOTHING_ELSE } from './dump.js'
import { ExtentMemory } from './extent_memory.js'
import { Extents } from './extents.js'
import { readRange } from './file_bytes.js'
import { MAX_ADDRESS } from './physical_memory.js'

const MAGIC = 0x4c694d45
const VERSION = 1
/** Magic, version, first and last address, 8 bytes that are reserved. */
const HEADER_SIZE = 32

/** More ranges of RAM than any machine has. */
const MAX_RANGES = 1 << 16

export function isLime(start: Uint8Array): boolean {
  return (
    start.length >= 4 && new DataView(start.buffer, start.byteOffset).getUint32(0, true) === MAGIC
  )
}

/** An image of LiME, the Linux Memory Extractor (`format=lime`): a header before each range of RAM. */
export function openLime(source: ByteSource): Dump {
  const extents = new Extents()
  let at = 0
  while (at < source.size) {
    const { start, end } = readRangeHeader(source, at)
    at += HEADER_SIZE
    extents.add(start, end, at)
    at += end - start
    if (extents.length > MAX_RANGES) {
      throw new FormatError(source.name, at, `no more than ${MAX_RANGES} ranges of RAM`)
    }
  }
  const memory = new ExtentMemory(source, extents)
  const missing = at - source.size
  return {
    ...NOTHING_ELSE,
    format: 'LiME',
    physical: memory,
    ranges: memory.ranges,
    incomplete:
      missing > 0
        ? `${source.name} is cut off: ${missing} bytes of its last range are missing`
        : undefined,
  }
}

function readRangeHeader(source: ByteSource, at: number): { start: number; end: number } {
  const header = readRange(source, at, HEADER_SIZE, 'the header of a range')
  const view = new DataView(header.buffer)
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== VERSION) {
    throw new FormatError(source.name, at, `the header of a range of version ${VERSION}`)
  }
  const first = view.getBigUint64(8, true)
  const last = view.getBigUint64(16, true)
  if (last < first || last > MAX_ADDRESS) {
    throw new FormatError(
      source.name,
      at + 8,
      `no range of RAM is from ${hex(first)} to ${hex(last)}`,
    )
  }
  return { start: Number(first), end: Number(last) + 1 }
}
