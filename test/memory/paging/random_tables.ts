import type { FileMemory } from './bare_machine.js'
import type { Random } from './random.js'

/** A level of the tables to be made, told apart from what the code under test says of it. */
export interface TableLevel {
  readonly shift: number
  readonly entries: number
  /** Alignment of tables as a number of bits. */
  readonly align: number
  table?(random: Random, address: bigint): bigint
  page?(random: Random): bigint
  /** An entry that is not valid but not zero. */
  absent(random: Random): bigint
}

/** Tables of a level. */
const TABLES = 10

/** Page tables that are as a kernel's in part, and damaged in part. */
export class RandomTables {
  readonly root: bigint
  /** Indexes that are used, for each level. */
  private readonly used: number[][]

  constructor(
    private readonly memory: FileMemory,
    private readonly random: Random,
    private readonly levels: readonly TableLevel[],
    private readonly entrySize: 4 | 8,
    usedIndexes: number,
  ) {
    this.used = levels.map(({ entries }) => {
      const count = Math.min(entries, usedIndexes)
      // The first and the last are used in any case.
      const some = Array.from({ length: count }, () => random.below(entries))
      return [...new Set([0, entries - 1, ...some])]
    })
    const tables = levels.map((level, depth) => this.place(level, depth === 0 ? 1 : TABLES))
    tables.forEach((of, depth) => {
      for (const at of of) this.fill(at, depth, tables)
    })
    this.root = tables[0]![0]!
  }

  /** An address most of which lies where something may be mapped. */
  address(): bigint {
    let address = this.random.bits(Math.max(12, this.levels.at(-1)!.shift))
    this.levels.forEach(({ shift, entries }, depth) => {
      const index = this.random.chance(95)
        ? this.random.pick(this.used[depth]!)
        : this.random.below(entries)
      address |= BigInt(index) << BigInt(shift)
    })
    return address
  }

  private place({ align }: TableLevel, count: number): bigint[] {
    const { start, size } = this.memory
    // Above the first MiB, in which a PC has more than RAM.
    const room = (size - 2 ** 20 * 2) / 2 ** align
    return Array.from({ length: count }, () => {
      return BigInt(start + 2 ** 20 + this.random.below(room) * 2 ** align)
    })
  }

  private fill(at: bigint, depth: number, tables: readonly bigint[][]): void {
    const { entries } = this.levels[depth]!
    const bytes = new Uint8Array(entries * this.entrySize)
    const view = new DataView(bytes.buffer)
    for (const index of this.used[depth]!) {
      const entry = this.entry(at, depth, tables)
      if (this.entrySize === 8) view.setBigUint64(index * 8, entry, true)
      else view.setUint32(index * 4, Number(entry), true)
    }
    this.memory.write(Number(at), bytes)
  }

  private entry(at: bigint, depth: number, tables: readonly bigint[][]): bigint {
    const { random } = this
    const level = this.levels[depth]!
    // What little there is in a small root decides about everything.
    const kind = level.entries > 4 ? random.below(100) : 99
    if (kind < 5) return 0n
    if (kind < 15) return level.absent(random)
    const wantsPage = level.table === undefined || (kind < 30 && level.page !== undefined)
    if (wantsPage) return level.page!(random)
    if (kind < 35) return level.table!(random, at)
    if (kind < 40) return level.table!(random, random.pick(random.pick(tables.slice(1))))
    if (kind < 43) return level.table!(random, random.bits(20) << 26n)
    return level.table!(random, random.pick(tables[depth + 1]!))
  }
}
