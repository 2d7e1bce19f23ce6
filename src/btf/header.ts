import { FormatError } from '../errors.js'

const MAGIC = 0xeb9f
const MAGIC_SWAPPED = 0x9feb
const HEADER_SIZE = 24

/** `struct btf_header` of include/uapi/linux/btf.h, its offsets made absolute and checked. */
export interface BtfHeader {
  readonly littleEndian: boolean
  readonly typeStart: number
  readonly typeLength: number
  readonly stringStart: number
  readonly stringLength: number
}

export function readHeader(blob: Uint8Array, source: string): BtfHeader {
  if (blob.length < HEADER_SIZE) {
    throw new FormatError(source, blob.length, `a BTF header has ${HEADER_SIZE} bytes`)
  }
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength)
  const magic = view.getUint16(0, true)
  if (magic !== MAGIC && magic !== MAGIC_SWAPPED) {
    throw new FormatError(source, 0, 'BTF starts with the magic number 0xeb9f')
  }
  const littleEndian = magic === MAGIC
  if (view.getUint8(2) !== 1) {
    throw new FormatError(source, 2, `BTF version 1 is known, not ${view.getUint8(2)}`)
  }
  const headerLength = view.getUint32(4, littleEndian)
  if (headerLength < HEADER_SIZE || headerLength > blob.length) {
    throw new FormatError(source, 4, `a header length of ${headerLength} does not fit`)
  }
  const section = (at: number, what: string) => {
    const start = headerLength + view.getUint32(at, littleEndian)
    const length = view.getUint32(at + 4, littleEndian)
    if (start + length > blob.length) {
      throw new FormatError(source, at, `the ${what} section ends behind the end of the data`)
    }
    return { start, length }
  }
  const types = section(8, 'type')
  const strings = section(16, 'string')
  if (types.start % 4 !== 0 || types.length % 4 !== 0) {
    throw new FormatError(source, 8, 'the type section is made of aligned 32-bit words')
  }
  return {
    littleEndian,
    typeStart: types.start,
    typeLength: types.length,
    stringStart: strings.start,
    stringLength: strings.length,
  }
}
