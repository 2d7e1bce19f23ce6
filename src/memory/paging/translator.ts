import type { Memory } from '../memory.js'
import { indexAt, isCanonical, offsetBelow, type SplitAddress, split } from './address.js'
import { kindOf, TWO_32, targetOf } from './entry.js'
import type { Level, PagingMode } from './mode.js'
import { type Root, rootFor } from './root.js'
import { Tables } from './tables.js'

/** Where an address is in physical memory, and how many bytes from there on belong to its page. */
export interface Place {
  physical: number
  left: number
}

/** What one entry above the last level covers: a table of the last level, or (part of) a large page. */
interface Region {
  /** Undefined where a large page covers the region. */
  readonly table: DataView | undefined
  /** Of the region's first byte, in a large page. */
  readonly physical: number
  /** How many of the large page's bytes are left from there on. */
  readonly left: number
}

const END = 1n << 64n

/** Nothing is mapped: not present, reserved bits, or a table that cannot be read. */
const NOTHING: Region = { table: undefined, physical: -1, left: 0 }

/** In bytes of tables of the last level: 8 GiB of scattered pages of 4 KiB. */
const MAX_REGION_TABLES = 16 * 2 ** 20

/**
 * Translates many addresses. The levels above the last are walked once for each region that one
 * table of the last level covers (2 MiB on x86-64), and no object is made for an address.
 */
export class Translator {
  private readonly tables: Tables
  private readonly regions = new Map<number, Region>()
  private readonly maxRegions: number
  private readonly last: Level
  private readonly pageSize: number
  private readonly regionShift: number
  /** What the key of a region has for each unit of an address's high half. */
  private readonly regionsPerHigh: number
  private readonly at: SplitAddress = { low: 0, high: 0 }
  private readonly latest = { key: -1, region: NOTHING }
  private readonly place: Place = { physical: 0, left: 0 }

  constructor(
    readonly mode: PagingMode,
    physical: Memory,
    readonly root: Root,
  ) {
    this.tables = new Tables(mode, physical)
    this.last = mode.levels.at(-1)!
    this.pageSize = 2 ** this.last.shift
    this.regionShift = this.last.shift + this.last.bits
    this.regionsPerHigh = TWO_32 / 2 ** this.regionShift
    this.maxRegions = MAX_REGION_TABLES / (mode.entrySize << this.last.bits)
  }

  drop(): void {
    this.tables.drop()
    this.regions.clear()
    this.latest.key = -1
  }

  /** The physical address; undefined where nothing is mapped, {@link walk} then tells why. */
  translate(address: bigint): bigint | undefined {
    return this.locate(address, this.place) ? BigInt(this.place.physical) : undefined
  }

  /** Whether something is mapped at an address, and where. */
  locate(address: bigint, into: Place): boolean {
    if (address < 0n || address >= END) return false
    const at = split(address, this.at)
    const { table, physical, left } = this.region(at)
    if (table !== undefined) return this.locateIn(table, at, into)
    if (physical < 0) return false
    const within = offsetBelow(this.regionShift, at)
    into.physical = physical + within
    into.left = left - within
    return true
  }

  private locateIn(table: DataView, at: SplitAddress, into: Place): boolean {
    const { last } = this
    const offset = indexAt(last, at) * this.mode.entrySize
    const low = table.getUint32(offset, true)
    const high = this.mode.entrySize === 8 ? table.getUint32(offset + 4, true) : 0
    const shape = kindOf(last, low, high)
    if (typeof shape === 'string') return false
    const within = offsetBelow(last.shift, at)
    into.physical = targetOf(shape, low, high) + within
    into.left = this.pageSize - within
    return true
  }

  private region(at: SplitAddress): Region {
    const key = at.high * this.regionsPerHigh + (at.low >>> this.regionShift)
    if (key === this.latest.key) return this.latest.region
    let region = this.regions.get(key)
    if (region === undefined) {
      region = this.findRegion(at)
      this.remember(key, region)
    }
    this.latest.key = key
    this.latest.region = region
    return region
  }

  private remember(key: number, region: Region): void {
    if (this.regions.size >= this.maxRegions) {
      for (const oldest of this.regions.keys()) {
        this.regions.delete(oldest)
        break
      }
    }
    this.regions.set(key, region)
  }

  private findRegion(at: SplitAddress): Region {
    const { mode, last } = this
    const root = isCanonical(mode, at) ? rootFor(mode, this.root, at) : undefined
    if (root === undefined) return NOTHING
    let address = Number(root)
    for (const level of mode.levels) {
      const table = this.tables.get(address, level)
      if (!(table instanceof DataView)) return NOTHING
      if (level === last) return { table, physical: 0, left: 0 }
      const offset = indexAt(level, at) * mode.entrySize
      const low = table.getUint32(offset, true)
      const high = mode.entrySize === 8 ? table.getUint32(offset + 4, true) : 0
      const shape = kindOf(level, low, high)
      if (typeof shape === 'string') return NOTHING
      address = targetOf(shape, low, high)
      if (shape !== level.table) return this.partOfPage(address, level.shift, at)
    }
    return NOTHING
  }

  /** The region that an address is in, of a large page that begins at `physical`. */
  private partOfPage(physical: number, shift: number, at: SplitAddress): Region {
    const within = offsetBelow(shift, at) - offsetBelow(this.regionShift, at)
    return { table: undefined, physical: physical + within, left: 2 ** shift - within }
  }
}
