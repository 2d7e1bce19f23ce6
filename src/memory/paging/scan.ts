import { FaultError } from '../../errors.js'
import type { Memory } from '../memory.js'
import { flagsIn, kindOf, targetOf } from './entry.js'
import { RIGHTS } from './flags.js'
import type { EntryShape, Level, LevelName, PagingMode } from './mode.js'
import { readTable } from './tables.js'

/** Pages of the smallest kind are counted, since addresses of 57 bits are more than a number holds. */
export const UNIT_SHIFT = 12

/** Tables that a scan left out; `page` and `pages` are in units of 4 KiB, as everything here. */
export interface Left {
  readonly page: number
  readonly pages: number
  readonly level: LevelName
  readonly why: FaultError | 'repeated' | 'too many unreadable tables'
}

/** A table being scanned: the entries from `index` up to `end` are still to be looked at. */
interface Frame {
  table: DataView
  /** Of the first entry. */
  page: number
  index: number
  end: number
  /** Rights that the levels above leave. */
  allowed: number
  repeated: boolean
}

/**
 * Tables may point at each other in any way: those of a damaged image can take a scan through the same
 * few tables 2^36 times. What is looked at again is counted, an entry as 1 and a table as more. Linux
 * itself has tables that are used 65536 times over (espfix), which is still allowed; the shadow of
 * KASAN, whose tables are used more often, is left out in part.
 */
const MOST_REPEATS = 2 ** 20
const TABLE_COST = 4
/** Each costs an exception. */
const MOST_UNREADABLE = 2 ** 17
/** Of one level, so that what is remembered of them has a limit. */
const MOST_TABLES = 2 ** 23

/** Goes through the pages that tables map, in the order of addresses, without an object for each. */
export class Scan {
  /** The page found by {@link next}; cut to the range that was asked for. */
  page = 0
  pages = 0
  physical = 0
  flags = 0
  shift = 0

  private readonly frames: Frame[] = []
  private readonly seen: readonly Set<number>[]
  private repeats = MOST_REPEATS
  private unreadable = MOST_UNREADABLE
  private known = { shape: undefined as EntryShape | undefined, low: 0, high: 0, flags: 0 }

  /** Looks at pages from `first` up to `end`, counted from where the root's first entry is. */
  constructor(
    private readonly mode: PagingMode,
    private readonly memory: Memory,
    root: bigint,
    private readonly first: number,
    private readonly end: number,
    private readonly leave: (left: Left) => void,
  ) {
    this.seen = mode.levels.map(() => new Set())
    if (first < end) this.enter(Number(root), 0, RIGHTS, false)
  }

  /** Finds the next page; false at the end. */
  next(): boolean {
    for (let depth = this.frames.length - 1; depth >= 0; depth = this.frames.length - 1) {
      const frame = this.frames[depth]!
      if (this.scan(frame, this.mode.levels[depth]!)) return true
      // Either the table is done or one below it was entered.
      if (this.frames.length - 1 === depth) this.frames.pop()
    }
    return false
  }

  /** Looks for a page in a table; also ends, with false, where a table below was entered. */
  private scan(frame: Frame, level: Level): boolean {
    const { table, end } = frame
    const wanted = level.present | (level.protNone?.value ?? 0)
    const units = unitsIn(level)
    const wide = this.mode.entrySize === 8
    while (frame.index < end) {
      const index = frame.index++
      const low = wide ? table.getUint32(index * 8, true) : table.getUint32(index * 4, true)
      if ((low & wanted) === 0) continue
      const high = wide ? table.getUint32(index * 8 + 4, true) : 0
      const shape = kindOf(level, low, high)
      if (typeof shape === 'string') continue
      if (frame.repeated) this.repeats--
      const page = frame.page + index * units
      const flags = this.flagsOf(shape, low, high)
      if (shape !== level.table) {
        this.find(level, page, targetOf(shape, low, high), flags & (frame.allowed | ~RIGHTS))
        return true
      }
      if (this.enter(targetOf(shape, low, high), page, flags & frame.allowed, frame.repeated)) {
        return false
      }
    }
    return false
  }

  /** Neighbours differ in little but the address. */
  private flagsOf(shape: EntryShape, low: number, high: number): number {
    const { known } = this
    const lowBits = low & ~shape.addressLow
    const highBits = high & ~shape.addressHigh
    if (known.shape !== shape || known.low !== lowBits || known.high !== highBits) {
      known.shape = shape
      known.low = lowBits
      known.high = highBits
      known.flags = flagsIn(shape, low, high)
    }
    return known.flags
  }

  private find(level: Level, page: number, physical: number, flags: number): void {
    const cut = Math.max(0, this.first - page)
    this.page = page + cut
    this.pages = Math.min(page + unitsIn(level), this.end) - this.page
    this.physical = physical + cut * 2 ** UNIT_SHIFT
    this.flags = flags
    this.shift = level.shift
  }

  /** Begins with the table at a physical address, which maps pages from `page` on; false if it is left out. */
  private enter(address: number, page: number, allowed: number, above: boolean): boolean {
    const depth = this.frames.length
    const level = this.mode.levels[depth]!
    const seen = this.seen[depth]!
    const repeated = above || seen.has(address) || seen.size >= MOST_TABLES
    if (repeated) this.repeats -= TABLE_COST
    else seen.add(address)
    const table = this.read(address, level, repeated)
    const units = unitsIn(level)
    if (!(table instanceof DataView)) {
      this.leave({ page, pages: units * 2 ** level.bits, level: level.name, why: table })
      return false
    }
    this.frames.push({
      table,
      page,
      index: Math.max(0, Math.floor((this.first - page) / units)),
      end: Math.min(2 ** level.bits, Math.ceil((this.end - page) / units)),
      allowed,
      repeated,
    })
    return true
  }

  private read(address: number, level: Level, repeated: boolean): DataView | Left['why'] {
    if (repeated && this.repeats < 0) return 'repeated'
    if (this.unreadable === 0) return 'too many unreadable tables'
    const table = readTable(this.mode, this.memory, address, level)
    if (table instanceof FaultError) this.unreadable--
    return table
  }
}

const unitsIn = (level: Level) => 2 ** (level.shift - UNIT_SHIFT)
