import { readWords } from '../btf/words.js'
import { InconsistentError } from '../errors.js'
import { type Memory, readBytes, readOrFault } from '../memory/memory.js'
import { baseRelativeAddresses, placeRelativeAddresses } from '../symbols/kallsyms_addresses.js'
import { KallsymsNameOrder } from '../symbols/kallsyms_name_order.js'
import { NAMES_PER_MARKER } from '../symbols/kallsyms_names.js'
import { KallsymsTables } from '../symbols/kallsyms_tables.js'
import { TOKEN_COUNT } from '../symbols/kallsyms_tokens.js'
import { riseFromBase } from '../symbols/shape/addresses.js'

/** Addresses of the tables, bearing the kernel's names for them without the prefix. */
export interface KallsymsPlaces {
  readonly num_syms: bigint
  readonly names: bigint
  readonly token_table: bigint
  readonly token_index: bigint
  readonly offsets: bigint
  /** Newer kernels have none. */
  readonly relative_base: bigint | undefined
}

export interface KallsymsOptions {
  /** True by default. */
  readonly littleEndian?: boolean
  /**
   * What to add to an address to make it a virtual one, where `memory` is physical. Without it, what
   * VMCOREINFO names cannot be found there, nor the addresses of kernels that have no relative base.
   */
  readonly virtualOffset?: bigint
}

/** More symbols than any kernel has, and more bytes than their names take. */
const MAX_SYMBOLS = 1 << 22
const MAX_NAMES_SIZE = 1 << 26

/** The index has 16 bits for an offset into the table. */
const MAX_TOKENS_SIZE = 1 << 16

const SOURCE = 'the kernel image'

/** Reads the tables at these addresses. Throws {@link FaultError} and {@link FormatError}. */
export function readKallsyms(
  memory: Memory,
  places: KallsymsPlaces,
  { littleEndian = true, virtualOffset = 0n }: KallsymsOptions = {},
): KallsymsTables {
  const number = readBytes(memory, places.num_syms, 4)
  const count = new DataView(number.buffer).getUint32(0, littleEndian)
  if (count === 0 || count > MAX_SYMBOLS) {
    throw new InconsistentError('cannot read kallsyms', `kallsyms_num_syms is ${count}`)
  }
  const names = between(memory, places.names, places.token_table, MAX_NAMES_SIZE)
  const tables = new KallsymsTables({
    source: SOURCE,
    count,
    names,
    tokenTable: between(memory, places.token_table, places.token_index, MAX_TOKENS_SIZE),
    tokenIndex: readBytes(memory, places.token_index, 2 * TOKEN_COUNT),
    addresses: readAddresses(memory, places, count, littleEndian, virtualOffset),
    littleEndian,
  })
  useOrder(memory, places, names, tables)
  return tables
}

function between(memory: Memory, start: bigint, end: bigint, most: number): Uint8Array {
  const length = end - start
  if (length > 0n && length <= BigInt(most)) return readBytes(memory, start, Number(length))
  throw new InconsistentError(
    'cannot read kallsyms',
    `from 0x${start.toString(16)} to 0x${end.toString(16)} there is no room for its tables`,
  )
}

function readAddresses(
  memory: Memory,
  { offsets, relative_base }: KallsymsPlaces,
  count: number,
  littleEndian: boolean,
  virtualOffset: bigint,
): BigUint64Array {
  const bytes = readBytes(memory, offsets, 4 * count)
  const words = new Int32Array(readWords(bytes, 0, bytes.length, littleEndian).buffer)
  if (relative_base === undefined) {
    return placeRelativeAddresses(words, BigInt.asUintN(64, offsets + virtualOffset))
  }
  if (!riseFromBase((index) => words[index]!, count)) {
    throw new InconsistentError('cannot read kallsyms', 'its addresses are not in order')
  }
  const base = readBytes(memory, relative_base, 8)
  return baseRelativeAddresses(words, new DataView(base.buffer).getBigUint64(0, littleEndian))
}

/**
 * Looks for `kallsyms_seqs_of_names` where it is since Linux 6.4 (404bad70fcf7), behind the offsets,
 * and where it was before, between markers and tokens. VMCOREINFO does not list it.
 */
function useOrder(
  memory: Memory,
  { offsets, relative_base, token_index, names: namesAt, token_table }: KallsymsPlaces,
  names: Uint8Array,
  tables: KallsymsTables,
): void {
  const count = tables.addresses.length
  const size = KallsymsNameOrder.size(count)
  if (offsets > token_index) {
    const at = relative_base === undefined ? offsets + BigInt(4 * count) : relative_base + 8n
    const seqs = readOrFault(memory, { address: at, length: size })
    if (seqs instanceof Uint8Array) tables.sortedBy(seqs)
    return
  }
  const markers = align8(namesAt + BigInt(tables.names.starts[count]!))
  const order = align8(markers + BigInt(4 * Math.ceil(count / NAMES_PER_MARKER)))
  if (align8(order + BigInt(size)) !== token_table) return
  tables.sortedBy(names.subarray(Number(order - namesAt)))
}

const align8 = (address: bigint) => (address + 7n) & ~7n
