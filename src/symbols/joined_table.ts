import { NameLookup } from './name_lookup.js'
import type { SymbolTable } from './table.js'

/** Tables one after the other, such as those of the kernel's image and of its modules. */
export class JoinedTable implements SymbolTable {
  readonly source: string
  readonly addresses: BigUint64Array
  private readonly starts: number[] = []
  private readonly lookups: readonly NameLookup[]

  constructor(private readonly tables: readonly SymbolTable[]) {
    this.source = tables[0]?.source ?? 'no symbols'
    this.lookups = tables.map((table) => new NameLookup(table))
    let count = 0
    for (const { addresses } of tables) {
      this.starts.push(count)
      count += addresses.length
    }
    this.addresses = new BigUint64Array(count)
    tables.forEach((table, i) => {
      this.addresses.set(table.addresses, this.starts[i])
    })
  }

  nameAt(position: number): string {
    return this.in(position, (table, own) => table.nameAt(own))
  }

  nameHashAt(position: number): number {
    return this.in(position, (table, own) => table.nameHashAt(own))
  }

  typeAt(position: number): string {
    return this.in(position, (table, own) => table.typeAt(own))
  }

  moduleAt(position: number): string | undefined {
    return this.in(position, (table, own) => table.moduleAt(own))
  }

  *positionsOf(name: string): Generator<number> {
    for (const [i, lookup] of this.lookups.entries()) {
      for (const own of lookup.positionsOf(name)) yield this.starts[i]! + own
    }
  }

  private in<T>(position: number, ask: (table: SymbolTable, own: number) => T): T {
    let low = 0
    let high = this.starts.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (this.starts[middle]! <= position) low = middle
      else high = middle
    }
    return ask(this.tables[low]!, position - this.starts[low]!)
  }
}
