import { FaultError } from '../../errors.js'
import type { Memory } from '../memory.js'
import { kindOf, targetOf } from './entry.js'
import type { Skipped } from './mappings.js'
import type { Level, PagingMode } from './mode.js'
import { UNIT_SHIFT } from './scan.js'
import { readTable } from './tables.js'

/** A table of one level, as it is in memory. */
export interface Table {
  readonly level: Level
  readonly entries: DataView
  /** The address of what its first entry maps, in units of 4 KiB. */
  readonly page: number
  /** What one entry covers, in the same units. */
  readonly units: number
  /** The entries `first` up to `end` are in the range that was asked for. */
  readonly first: number
  readonly end: number
}

/**
 * Tables of a damaged image may lead to each other in any way. Linux shares those of hugetlb, even within
 * a process, but not so many; tables that cannot be read count as well.
 */
const MOST_REPEATS = 2 ** 16
const MOST_TABLES = 2 ** 22

/**
 * Every table that maps something in the lower half of the addresses, from page `from` up to page
 * `to` (of 4 KiB), the root included: each before those that it leads to, in the order of addresses.
 * Those that cannot be read are told to `skipped`, and so is it if tables are repeated without an end.
 *
 * For who needs what a walk to pages leaves out: swap entries, and the tables themselves.
 */
export function* forEachTable(
  mode: PagingMode,
  physical: Memory,
  root: bigint,
  from: number,
  to: number,
  skipped: (skipped: Skipped) => void,
): Generator<Table> {
  const seen = new Set<number>()
  const range = { from, to }
  let repeats = MOST_REPEATS
  const enter = (address: number, depth: number, page: number): Table | undefined => {
    if (repeats === 0) return undefined
    const level = mode.levels[depth]!
    const leave = (pages: number, why: string) => {
      const length = BigInt(pages) << SHIFT
      skipped({ virtual: BigInt(page) << SHIFT, length, level: level.name, why })
    }
    const table = readTable(mode, physical, address, level)
    if (table instanceof FaultError || seen.has(address) || seen.size >= MOST_TABLES) repeats--
    seen.add(address)
    if (repeats === 0) {
      leave(to - page, 'tables lead to each other over and over, or cannot be read')
      return undefined
    }
    if (table instanceof DataView) return tableOf(level, table, page, range)
    leave(unitsIn(level) * 2 ** level.bits, table.message)
    return undefined
  }
  const top = enter(Number(root), 0, 0)
  if (top !== undefined) yield* below(mode, top, 0, enter)
}

type Enter = (address: number, depth: number, page: number) => Table | undefined

/** There are at most five levels. */
function* below(mode: PagingMode, table: Table, depth: number, enter: Enter): Generator<Table> {
  yield table
  const { level, entries, page, units, first, end } = table
  if (level.table === undefined) return
  const { entrySize } = mode
  for (let index = first; index < end; index++) {
    const low = entries.getUint32(index * entrySize, true)
    if ((low & level.present) === 0) continue
    const high = entrySize === 8 ? entries.getUint32(index * 8 + 4, true) : 0
    if (kindOf(level, low, high) !== level.table) continue
    const next = enter(targetOf(level.table, low, high), depth + 1, page + index * units)
    if (next !== undefined) yield* below(mode, next, depth + 1, enter)
  }
}

function tableOf(
  level: Level,
  entries: DataView,
  page: number,
  { from, to }: { readonly from: number; readonly to: number },
): Table {
  const units = unitsIn(level)
  return {
    level,
    entries,
    page,
    units,
    first: Math.max(0, Math.floor((from - page) / units)),
    end: Math.min(2 ** level.bits, Math.ceil((to - page) / units)),
  }
}

const SHIFT = BigInt(UNIT_SHIFT)
const unitsIn = (level: Level) => 2 ** (level.shift - UNIT_SHIFT)
