import { readHeader } from '../btf/header.js'
import { findBytes } from '../bytes/find_bytes.js'
import { KsightError, NotFoundError } from '../errors.js'
import { type Memory, readBytes } from '../memory/memory.js'
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

/** Every kernel's BTF has this among its strings; that of a module has it not, which is in its base. */
const TASK_STRUCT = new TextEncoder().encode('\0task_struct\0')

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

/** All that looks like the BTF of a kernel in a range of memory. */
export function* searchBtf(memory: Memory, { start, end }: AddressRange): Generator<FoundBtf> {
  const buffer = new Uint8Array(CHUNK)
  for (let at = start; at < end; at += BigInt(CHUNK - HEADER_SIZE)) {
    const chunk = end - at < CHUNK ? buffer.subarray(0, Number(end - at)) : buffer
    readAvailable(memory, at, chunk)
    for (const header of HEADERS) {
      for (let i = findBytes(chunk, header); i !== -1; i = findBytes(chunk, header, i + 1)) {
        const address = at + BigInt(i)
        const bytes = readWhole(memory, address)
        if (bytes !== undefined) yield { bytes, address, how: 'by its header' }
      }
    }
  }
}

/** The BTF whose header is at an address; undefined if it is none of a kernel. */
function readWhole(memory: Memory, address: bigint): Uint8Array | undefined {
  try {
    const length = lengthOf(readBytes(memory, address, HEADER_SIZE))
    if (length === undefined) return undefined
    const bytes = readBytes(memory, address, length)
    const { stringStart, stringLength } = readHeader(bytes, SOURCE)
    const strings = bytes.subarray(stringStart, stringStart + stringLength)
    const whole = strings[0] === 0 && strings.at(-1) === 0
    return whole && findBytes(strings, TASK_STRUCT) !== -1 ? bytes : undefined
  } catch (error) {
    if (error instanceof KsightError) return undefined
    throw error
  }
}

/** What the header says of the length; the strings follow the types, and nothing follows them. */
function lengthOf(header: Uint8Array): number | undefined {
  const view = new DataView(header.buffer)
  const littleEndian = header[0] === 0x9f
  const [typeOffset, typeLength, stringOffset, stringLength] = [8, 12, 16, 20].map((at) =>
    view.getUint32(at, littleEndian),
  ) as [number, number, number, number]
  const length = HEADER_SIZE + stringOffset + stringLength
  const sane = typeOffset === 0 && stringOffset === typeLength && length <= MAX_SIZE
  return sane && typeLength > 0 && stringLength > 0 ? length : undefined
}
