import { readHeader } from '../btf/header.js'
import { findBytes } from '../bytes/find_bytes.js'
import { KsightError, NotFoundError } from '../errors.js'
import { type Memory, readBytes, readOrFault } from '../memory/memory.js'
import { readAvailable } from '../memory/read_available.js'
import type { AddressRange } from '../symbols/areas.js'

/** BTF of the kernel itself as it was found in memory. */
export interface FoundBtf {
  readonly bytes: Uint8Array
  readonly address: bigint
  readonly how: string
}

const SOURCE = 'BTF in memory'

/** Magic number, version, flags, and the length of the header, in both byte orders. */
const HEADERS = [
  Uint8Array.of(0x9f, 0xeb, 1, 0, 24, 0, 0, 0),
  Uint8Array.of(0xeb, 0x9f, 1, 0, 0, 0, 0, 24),
]
const HEADER_SIZE = 24

/** More than any kernel's. */
const MAX_SIZE = 1 << 27

const CHUNK = 1 << 22

/**
 * Headers are rare in a kernel; memory that is full of what looks like them is looked at no longer
 * than this, and no more than so many bytes behind them.
 */
const MOST_TRIES = 4096
const MOST_BYTES = 4 * MAX_SIZE

/** Every kernel's BTF has this among its strings; that of a module has it not, which is in its base. */
const TASK_STRUCT = new TextEncoder().encode('task_struct\0')

/**
 * The kernel's BTF in its memory: between the symbols `__start_BTF` and `__stop_BTF`, which only
 * kernels with CONFIG_KALLSYMS_ALL tell, or else looked for in a range: the image, at best its rodata.
 * Throws {@link NotFoundError}.
 */
export function findBtf(
  memory: Memory,
  addressOf: (name: string) => bigint | undefined,
  range?: AddressRange,
): FoundBtf {
  const start = addressOf('__start_BTF')
  const stop = addressOf('__stop_BTF')
  if (start !== undefined && stop !== undefined) {
    const length = stop - start
    if (length > HEADER_SIZE && length <= MAX_SIZE) {
      const bytes = readBytes(memory, start, Number(length))
      return { bytes, address: start, how: 'from symbol __start_BTF to __stop_BTF' }
    }
  }
  for (const found of range === undefined ? [] : searchBtf(memory, range)) return found
  throw new NotFoundError('no BTF in memory', [], 'neither its symbols nor its header are there')
}

/** What looks like the BTF of a kernel in a range of memory. */
function* searchBtf(memory: Memory, range: AddressRange): Generator<FoundBtf> {
  let tries = 0
  let looked = 0
  for (const address of searchHeaders(memory, range)) {
    const length = lengthAt(memory, address)
    if (++tries > MOST_TRIES || (looked += length) > MOST_BYTES) return
    const bytes = length === 0 ? undefined : readWhole(memory, address, length)
    if (bytes !== undefined) yield { bytes, address, how: 'by its header' }
  }
}

function* searchHeaders(memory: Memory, { start, end }: AddressRange): Generator<bigint> {
  const buffer = new Uint8Array(CHUNK)
  for (let at = start; at < end; at += BigInt(CHUNK - HEADER_SIZE)) {
    const chunk = end - at < CHUNK ? buffer.subarray(0, Number(end - at)) : buffer
    readAvailable(memory, at, chunk)
    for (const header of HEADERS) {
      for (let i = findBytes(chunk, header); i !== -1; i = findBytes(chunk, header, i + 1)) {
        yield at + BigInt(i)
      }
    }
  }
}

/** How long the BTF at an address is; 0 if it is none. */
function lengthAt(memory: Memory, address: bigint): number {
  const header = readOrFault(memory, { address, length: HEADER_SIZE })
  const length = header instanceof Uint8Array ? lengthOf(header) : 0
  if (length === 0) return 0
  // The last string ends with NUL.
  const last = readOrFault(memory, { address: address + BigInt(length - 1), length: 1 })
  return last instanceof Uint8Array && last[0] === 0 ? length : 0
}

/** The BTF at an address; undefined if it is none of a kernel. */
function readWhole(memory: Memory, address: bigint, length: number): Uint8Array | undefined {
  try {
    const bytes = readBytes(memory, address, length)
    const { stringStart, stringLength } = readHeader(bytes, SOURCE)
    const strings = bytes.subarray(stringStart, stringStart + stringLength)
    return strings[0] === 0 && findBytes(strings, TASK_STRUCT) !== -1 ? bytes : undefined
  } catch (error) {
    if (error instanceof KsightError) return undefined
    throw error
  }
}

/** What the header says of the length; the strings follow the types, and nothing follows them. */
function lengthOf(header: Uint8Array): number {
  const view = new DataView(header.buffer)
  const littleEndian = header[0] === 0x9f
  const [typeOffset, typeLength, stringOffset, stringLength] = [8, 12, 16, 20].map((at) =>
    view.getUint32(at, littleEndian),
  ) as [number, number, number, number]
  const length = HEADER_SIZE + stringOffset + stringLength
  const sane = typeOffset === 0 && stringOffset === typeLength && length <= MAX_SIZE
  return sane && typeLength > 0 && stringLength > 0 ? length : 0
}
