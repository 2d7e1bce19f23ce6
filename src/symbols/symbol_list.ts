import { hashName } from '../bytes/name_index.js'
import type { KernelSymbol } from './symbols.js'
import type { SymbolTable } from './table.js'

/** Symbols that were taken from where they lay, one by one. */
export class SymbolList implements SymbolTable {
  readonly addresses: BigUint64Array

  constructor(
    readonly source: string,
    private readonly symbols: readonly KernelSymbol[],
  ) {
    this.addresses = BigUint64Array.from(symbols, ({ address }) => address)
  }

  nameAt(position: number): string {
    return this.symbols[position]!.name
  }

  nameHashAt(position: number): number {
    return hashName(this.symbols[position]!.name)
  }

  typeAt(position: number): string {
    return this.symbols[position]!.type
  }

  moduleAt(position: number): string | undefined {
    return this.symbols[position]!.module
  }
}
