import { HOST_LITTLE_ENDIAN } from '../../bytes/byte_order.js'
import { InconsistentError } from '../../errors.js'
import type { Memory } from '../memory.js'
import { kindOf, targetOf } from './entry.js'
import type { EntryShape, Level, LevelName, PagingMode } from './mode.js'

/** Entries that map a page each and say the same, but for where it is. */
export interface EntryClass {
  readonly level: Level
  readonly kind: 'page' | 'no access'
  /** The entry without the bits of the address. */
  readonly bits: bigint
  readonly count: number
}

/** What the tables of some addresses hold. */
export interface Census {
  readonly classes: readonly EntryClass[]
  /** How many tables there are of each level, from the root down. */
  readonly tables: readonly { readonly level: LevelName; readonly count: number }[]
  /** Tables that could not be read, and those that tables of a damaged image lead to twice. */
  readonly unreadable: number
  readonly repeated: number
}

export interface CensusOptions {
  /** Called for each entry that is not present, and not empty. */
  readonly onAbsent?: (level: Level, entry: bigint) => void
  /** Called for each page above the last level. */
  readonly onLarge?: (level: Level, physical: bigint, bits: bigint) => void
}

/**
 * Counts what is mapped in the lower half of the addresses, from `from` up to `to`, with nothing done for a
 * page but to compare its entry with the one before. Tables are read many at a time.
 */
export function takeCensus(
  mode: PagingMode,
  physical: Memory,
  root: bigint,
  from: bigint,
  to: bigint,
  options: CensusOptions = {},
): Census {
  const taker = new CensusTaker(mode, physical, options)
  taker.enter(0, [{ address: Number(root), page: 0 }], Number(from >> 12n), Number(to >> 12n))
  return taker.census()
}

/** Of tables that are read at once, in bytes. */
const MOST_BYTES = 2 ** 22

/** Of one level, so that what is remembered of them has a limit. */
const MOST_TABLES = 2 ** 23

/** Processes have some dozens; only tables of a damaged image have more. */
const MOST_CLASSES = 2 ** 16

/** Where a table is, and the first page that it maps, in units of 4 KiB. */
interface TablePlace {
  readonly address: number
  readonly page: number
}

interface Counted {
  readonly level: Level
  readonly shape: EntryShape
  /** The bits of `shape` that are no address, and what they are. */
  readonly lowMask: number
  readonly highMask: number
  readonly low: number
  readonly high: number
  count: number
}

class CensusTaker {
  private readonly counted: Map<EntryShape, Map<number, Counted>> = new Map()
  private readonly seen: readonly Set<number>[]
  private unreadable = 0
  private repeated = 0

  constructor(
    private readonly mode: PagingMode,
    private readonly physical: Memory,
    private readonly options: CensusOptions,
  ) {
    this.seen = mode.levels.map(() => new Set())
  }

  census(): Census {
    const all = [...this.counted.values()].flatMap((classes) => [...classes.values()])
    return {
      classes: all.map(({ level, shape, low, high, count }) => {
        const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
        return { level, kind: shape === level.page ? 'page' : 'no access', bits, count }
      }),
      tables: this.mode.levels.map(({ name }, i) => ({ level: name, count: this.seen[i]!.size })),
      unreadable: this.unreadable,
      repeated: this.repeated,
    }
  }

  /** Counts what tables of a level map, those pages only that are in the range. */
  enter(depth: number, places: readonly TablePlace[], first: number, end: number): void {
    const level = this.mode.levels[depth]!
    const length = this.mode.entrySize << level.bits
    const batch = Math.max(1, Math.floor(MOST_BYTES / length))
    for (let i = 0; i < places.length; i += batch) {
      const fresh = places.slice(i, i + batch).filter(({ address }) => this.isFresh(depth, address))
      const ranges = fresh.map(({ address }) => ({ address: BigInt(address), length }))
      this.physical.gather(ranges).forEach((bytes, j) => {
        const place = fresh[j]!
        if (bytes instanceof Uint8Array) this.enterOne(depth, bytes, place.page, first, end)
        else this.leave(depth, place)
      })
    }
  }

  private isFresh(depth: number, address: number): boolean {
    const seen = this.seen[depth]!
    if (seen.has(address) || seen.size >= MOST_TABLES) {
      this.repeated++
      return false
    }
    seen.add(address)
    return true
  }

  private leave(depth: number, { address }: TablePlace): void {
    this.seen[depth]!.delete(address)
    this.unreadable++
  }

  private enterOne(depth: number, bytes: Uint8Array, page: number, first: number, end: number) {
    const level = this.mode.levels[depth]!
    const units = 2 ** (level.shift - 12)
    const from = Math.max(0, Math.floor((first - page) / units))
    const to = Math.min(2 ** level.bits, Math.ceil((end - page) / units))
    const below = this.count(wordsOf(bytes), level, page, from, to)
    if (below.length > 0) this.enter(depth + 1, below, first, end)
  }

  /** Counts the pages that the entries from `from` up to `to` map, and gives the tables they lead to. */
  private count(
    table: Int32Array,
    level: Level,
    page: number,
    from: number,
    to: number,
  ): TablePlace[] {
    const step = this.mode.entrySize / 4
    const units = 2 ** (level.shift - 12)
    const below: TablePlace[] = []
    let latest: Counted | undefined
    for (let i = from; i < to; i++) {
      const low = table[i * step]!
      const high = step === 2 ? table[i * 2 + 1]! : 0
      if (low === 0 && high === 0) continue
      // What an entry is depends on none of the bits of its address.
      if (latest === undefined || !isLike(latest, low, high)) {
        const shape = kindOf(level, low, high)
        if (typeof shape === 'string') {
          this.options.onAbsent?.(level, entryOf(low, high))
          continue
        }
        if (shape === level.table) {
          below.push({ address: targetOf(shape, low, high), page: page + i * units })
          continue
        }
        latest = this.classOf(level, shape, low & ~shape.addressLow, high & ~shape.addressHigh)
      }
      latest.count++
      if (level.table !== undefined) {
        const physical = BigInt(targetOf(latest.shape, low, high))
        this.options.onLarge?.(level, physical, entryOf(latest.low, latest.high))
      }
    }
    return below
  }

  private classOf(level: Level, shape: EntryShape, low: number, high: number): Counted {
    let classes = this.counted.get(shape)
    if (classes === undefined) {
      classes = new Map()
      this.counted.set(shape, classes)
    }
    // What is no address is in the lowest bits of the one half and anywhere in the other.
    const key = (high >>> 0) * 2 ** 21 + (low & 0x1f_ffff)
    let counted = classes.get(key)
    if (counted === undefined) {
      if (classes.size >= MOST_CLASSES) {
        throw new InconsistentError(
          'cannot count pages',
          'the entries of page tables make no sense',
        )
      }
      const [lowMask, highMask] = [~shape.addressLow, ~shape.addressHigh]
      counted = { level, shape, lowMask, highMask, low, high, count: 0 }
      classes.set(key, counted)
    }
    return counted
  }
}

const entryOf = (low: number, high: number) => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)

const isLike = (counted: Counted, low: number, high: number) => {
  return (low & counted.lowMask) === counted.low && (high & counted.highMask) === counted.high
}

/** The words of a table, which are little-endian on all machines. */
function wordsOf(bytes: Uint8Array): Int32Array {
  if (HOST_LITTLE_ENDIAN && bytes.byteOffset % 4 === 0) {
    return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(i * 4, true))
}
