import { endOfName, NAMES_PER_MARKER } from '../kallsyms_names.js'

/** Where `kallsyms_num_syms` and `kallsyms_names` are. */
export interface NamesShape {
  readonly numSyms: number
  readonly names: number
  /** The value of `kallsyms_num_syms`. */
  readonly count: number
}

/** The names of a kernel take less. */
const MAX_NAMES_SIZE = 1 << 24

/** The fewest and most bytes that the names of one marker take. */
const LEAST_STEP = 2 * NAMES_PER_MARKER
const MOST_STEP = 512 * NAMES_PER_MARKER

/** Few kernels have fewer symbols. */
const LEAST_MARKERS = 4

/** So many words behind the last marker may look like markers too. */
const MOST_DOUBTFUL = 4

/**
 * Rare in a kernel; bytes that are full of what looks like markers, or like names before them, are
 * looked at no longer than this.
 */
const MOST_MARKERS = 256
const MOST_NAMES = 64

type Read = (at: number) => number

/**
 * Looks back from the token table for `kallsyms_markers`, which begin with 0 and rise slowly, and
 * for the names before them, which are as long as the markers say.
 */
export function findNames(
  bytes: Uint8Array,
  tokenTable: number,
  littleEndian: boolean,
): NamesShape | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const u32 = (at: number) => view.getUint32(at, littleEndian)
  const first = Math.max(0, tokenTable - MAX_NAMES_SIZE)
  let tries = 0
  for (let markers = tokenTable - 4 * LEAST_MARKERS; markers >= first; markers -= 4) {
    if (u32(markers) !== 0 || !isStep(u32(markers + 4))) continue
    const values = readMarkers(u32, markers, tokenTable)
    if (values.length < LEAST_MARKERS) continue
    if (++tries > MOST_MARKERS) return undefined
    const found = findNamesBefore(bytes, markers, values, u32)
    if (found !== undefined) return found
  }
  return undefined
}

/** The markers, and perhaps a few words more. */
function readMarkers(u32: Read, start: number, end: number): number[] {
  const values = [0]
  for (let at = start + 4; at < end; at += 4) {
    const value = u32(at)
    // All names are before the markers.
    if (!isStep(value - values.at(-1)!) || value > start) break
    values.push(value)
  }
  return values
}

const isStep = (step: number) => step >= LEAST_STEP && step <= MOST_STEP

function findNamesBefore(
  bytes: Uint8Array,
  markers: number,
  values: readonly number[],
  u32: Read,
): NamesShape | undefined {
  const fewest = Math.max(LEAST_MARKERS, values.length - MOST_DOUBTFUL)
  const nearest = (markers - values[fewest - 1]! - 2) & ~3
  const farthest = Math.max(8, markers - values.at(-1)! - MOST_STEP)
  let tries = 0
  for (let names = nearest; names >= farthest; names -= 4) {
    // Before names that are aligned to 8 bytes there may be padding.
    const numSyms = u32(names - 4) !== 0 ? names - 4 : names - 8
    const count = u32(numSyms)
    const wanted = Math.ceil(count / NAMES_PER_MARKER)
    if (wanted < fewest || wanted > values.length) continue
    if (++tries > MOST_NAMES) return undefined
    const padding = markers - endOfNames(bytes, names, count, values)
    if (padding >= 0 && padding < 8) return { numSyms, names, count }
  }
  return undefined
}

/** Where the names end; NaN where they are not as the markers say. */
function endOfNames(
  bytes: Uint8Array,
  names: number,
  count: number,
  values: readonly number[],
): number {
  let at = names
  for (let position = 0; position < count; position++) {
    const marked = position % NAMES_PER_MARKER === 0
    if (marked && at - names !== values[position / NAMES_PER_MARKER]) return Number.NaN
    at = endOfName(bytes, at)
    if (at === -1) return Number.NaN
  }
  return at
}
