import type { NamesShape } from './names.js'
import { INDEX_SIZE, type TokensShape } from './tokens.js'

/** Where `kallsyms_offsets` and `kallsyms_relative_base` are. */
export interface AddressesShape {
  readonly offsets: number
  /** Undefined for newer kernels, which have none. */
  readonly relativeBase: number | undefined
}

/** Kernel addresses have their highest bit set. */
const KERNEL_HALF = 1n << 63n

/**
 * The addresses are behind the tokens since Linux 6.4 (404bad70fcf7); before that they were the first
 * table.
 */
export function findAddresses(
  bytes: Uint8Array,
  { tokenIndex }: TokensShape,
  { numSyms, count }: NamesShape,
  littleEndian: boolean,
): AddressesShape | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const wordsAt = (start: number) => (index: number) =>
    view.getInt32(start + 4 * index, littleEndian)
  const size = 4 * count
  const fits = (offsets: number, relativeBase: number): boolean =>
    offsets >= 0 &&
    relativeBase + 8 <= bytes.length &&
    view.getBigUint64(relativeBase, littleEndian) >= KERNEL_HALF &&
    riseFromBase(wordsAt(offsets), count)

  const behind = tokenIndex + INDEX_SIZE
  const baseBehind = align8(behind + size)
  if (fits(behind, baseBehind)) return { offsets: behind, relativeBase: baseBehind }
  const baseBefore = numSyms - 8
  const before = baseBefore - align8(size)
  if (fits(before, baseBefore)) return { offsets: before, relativeBase: baseBefore }
  if (behind + size > bytes.length || !riseFromPlace(wordsAt(behind), count)) return undefined
  return { offsets: behind, relativeBase: undefined }
}

/** Whether the words are in the order of addresses, the lowest of which is the base. */
export function riseFromBase(word: (index: number) => number, count: number): boolean {
  let index = 0
  // Distances, or addresses of per-CPU variables, which come first.
  for (let last = 0; index < count && word(index) >= last; index++) last = word(index)
  // If the latter, the distances count down from -1.
  for (let last = -1; index < count && word(index) <= last; index++) last = word(index)
  return index === count
}

/** The same where each is the distance from its own place; the first symbol is before the tables. */
function riseFromPlace(word: (index: number) => number, count: number): boolean {
  if (word(0) >= 0) return false
  for (let index = 1; index < count; index++) {
    if (word(index) + 4 < word(index - 1)) return false
  }
  return true
}

const align8 = (offset: number) => (offset + 7) & ~7
