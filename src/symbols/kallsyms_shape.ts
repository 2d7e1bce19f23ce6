import { findBytes } from '../bytes/find_bytes.js'
import { endOfName, NAMES_PER_MARKER } from './kallsyms_names.js'
import { TOKEN_COUNT } from './kallsyms_tokens.js'

/** Where the tables are, from the start of the bytes that they were found in. */
export interface KallsymsShape {
  readonly numSyms: number
  readonly names: number
  readonly markers: number
  readonly tokenTable: number
  readonly tokenIndex: number
  /** The value of `kallsyms_num_syms`. */
  readonly count: number
}

/** A byte that stands in names stands for itself, and in a kernel's names there are all digits. */
const DIGITS = new TextEncoder().encode('0\x001\x002\x003\x004\x005\x006\x007\x008\x009\x00')
const FIRST_DIGIT = 0x30

const INDEX_SIZE = 2 * TOKEN_COUNT

/** The names of a kernel take less. */
const MAX_NAMES_SIZE = 1 << 24

/** The fewest and most bytes that the names of one marker take. */
const LEAST_STEP = 2 * NAMES_PER_MARKER
const MOST_STEP = 512 * NAMES_PER_MARKER

/** Few kernels have fewer symbols. */
const LEAST_MARKERS = 4

/**
 * What looks like the tables at first is rare in a kernel; bytes that are full of it are looked at no
 * longer than this: for tokens, for markers of one table of tokens, for names of one table of markers.
 */
const MOST_TOKENS = 64
const MOST_MARKERS = 256
const MOST_NAMES = 64

/**
 * Finds the tables of scripts/kallsyms.c by what they look like. `kallsyms_names`,
 * `kallsyms_markers` and `kallsyms_token_table` follow each other in every kernel so far, with
 * `kallsyms_num_syms` before and `kallsyms_token_index` behind them.
 */
export function* findKallsymsShapes(
  bytes: Uint8Array,
  littleEndian: boolean,
): Generator<KallsymsShape> {
  for (const tokens of findTokens(bytes, littleEndian)) {
    const names = findNames(bytes, tokens.tokenTable, littleEndian)
    if (names !== undefined) yield { ...tokens, ...names }
  }
}

/** Where the start of a token table may be, to look closer at what is around it. */
export function* findDigits(bytes: Uint8Array): Generator<number> {
  for (let at = findBytes(bytes, DIGITS); at !== -1; at = findBytes(bytes, DIGITS, at + 1)) yield at
}

function* findTokens(bytes: Uint8Array, littleEndian: boolean) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let tries = 0
  for (const digits of findDigits(bytes)) {
    if (++tries > MOST_TOKENS) return
    const end = skipStrings(bytes, digits, TOKEN_COUNT - FIRST_DIGIT)
    for (let tokenIndex = align4(end); tokenIndex <= align4(end) + 4; tokenIndex += 4) {
      if (tokenIndex + INDEX_SIZE > bytes.length) continue
      const tokenTable = digits - view.getUint16(tokenIndex + 2 * FIRST_DIGIT, littleEndian)
      if (tokenTable < 0 || tokenTable % 4 !== 0) continue
      const index = view.buffer.slice(
        view.byteOffset + tokenIndex,
        view.byteOffset + tokenIndex + INDEX_SIZE,
      )
      if (fits(bytes, tokenTable, new DataView(index), littleEndian)) {
        yield { tokenTable, tokenIndex }
      }
    }
  }
}

/** Behind so many NUL-terminated strings. */
function skipStrings(bytes: Uint8Array, start: number, count: number): number {
  let at = start
  for (let i = 0; i < count; i++) {
    const nul = bytes.indexOf(0, at)
    if (nul === -1) return bytes.length
    at = nul + 1
  }
  return at
}

/** Whether the index names the strings of the table one after the other. */
function fits(bytes: Uint8Array, table: number, index: DataView, littleEndian: boolean): boolean {
  let at = table
  for (let token = 0; token < TOKEN_COUNT; token++) {
    if (table + index.getUint16(2 * token, littleEndian) !== at) return false
    at = bytes.indexOf(0, at) + 1
    if (at === 0) return false
  }
  return true
}

/** Looks back from the token table for the markers, which begin with 0 and rise slowly. */
function findNames(bytes: Uint8Array, tokenTable: number, littleEndian: boolean) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const u32 = (at: number) => view.getUint32(at, littleEndian)
  const first = Math.max(0, tokenTable - MAX_NAMES_SIZE)
  let tries = 0
  for (let markers = tokenTable - 4 * LEAST_MARKERS; markers >= first; markers -= 4) {
    if (u32(markers) !== 0 || !isStep(u32(markers + 4))) continue
    const values: number[] = [0]
    for (let at = markers + 4; at < tokenTable && isStep(u32(at) - values.at(-1)!); at += 4) {
      if (u32(at) > markers) break
      values.push(u32(at))
    }
    if (values.length < LEAST_MARKERS) continue
    if (++tries > MOST_MARKERS) return undefined
    const found = findNumSyms(bytes, markers, values, u32)
    if (found !== undefined) return { ...found, markers }
  }
  return undefined
}

const isStep = (step: number) => step >= LEAST_STEP && step <= MOST_STEP

/** Looks for names that end where the markers begin and that are as the markers say. */
function findNumSyms(
  bytes: Uint8Array,
  markers: number,
  values: readonly number[],
  u32: (at: number) => number,
) {
  // What follows the markers may look as if it went on rising.
  const fewest = Math.max(LEAST_MARKERS, values.length - 4)
  const nearest = markers - values[fewest - 1]! - 2
  const farthest = Math.max(8, markers - values.at(-1)! - MOST_STEP)
  let tries = 0
  for (let names = nearest & ~3; names >= farthest; names -= 4) {
    // Aligned to 4 bytes, or to 8 in 64-bit kernels that have kallsyms_relative_base.
    const numSyms = u32(names - 4) !== 0 ? names - 4 : names - 8
    const count = u32(numSyms)
    const wanted = Math.ceil(count / NAMES_PER_MARKER)
    if (wanted < fewest || wanted > values.length) continue
    if (++tries > MOST_NAMES) return undefined
    const end = endOfNames(bytes, names, count, values)
    if (end !== -1 && markers - end >= 0 && markers - end < 8) return { numSyms, names, count }
  }
  return undefined
}

/** Where the names end; -1 where they are not as the markers say. */
function endOfNames(
  bytes: Uint8Array,
  names: number,
  count: number,
  values: readonly number[],
): number {
  let at = names
  for (let position = 0; position < count; position++) {
    if (position % NAMES_PER_MARKER === 0 && at - names !== values[position / NAMES_PER_MARKER]) {
      return -1
    }
    at = endOfName(bytes, at)
    if (at === -1) return -1
  }
  return at
}

const align4 = (offset: number) => (offset + 3) & ~3
