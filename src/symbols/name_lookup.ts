import { hashName, NameIndex } from '../bytes/name_index.js'
import type { SymbolTable } from './table.js'

/** Finds the symbols of a name in a table: by the table's own order, or by an index of all names. */
export class NameLookup {
  private index: NameIndex | undefined

  constructor(private readonly table: SymbolTable) {}

  /** The positions of the symbols of a name, in the order of the table. */
  *positionsOf(name: string): Generator<number> {
    const known = this.table.positionsOf?.(name)
    if (known !== undefined) {
      yield* known
      return
    }
    this.index ??= this.indexNames()
    for (const position of this.index.candidates(hashName(name))) {
      if (this.table.nameAt(position) === name) yield position
    }
  }

  private indexNames(): NameIndex {
    const { length } = this.table.addresses
    const index = new NameIndex(length)
    for (let i = length - 1; i >= 0; i--) index.add(i, this.table.nameHashAt(i))
    return index
  }
}
