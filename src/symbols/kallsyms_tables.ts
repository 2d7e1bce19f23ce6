import { KallsymsNameOrder } from './kallsyms_name_order.js'
import { KallsymsNames } from './kallsyms_names.js'
import { KallsymsTokens } from './kallsyms_tokens.js'
import type { SymbolTable } from './table.js'

/** The bytes of the tables that scripts/kallsyms.c makes. */
export interface KallsymsParts {
  /** What to call them in messages. */
  readonly source: string
  /** `kallsyms_num_syms` */
  readonly count: number
  /** `kallsyms_names` and what is behind it. */
  readonly names: Uint8Array
  readonly tokenTable: Uint8Array
  readonly tokenIndex: Uint8Array
  /** What `kallsyms_offsets` stands for. */
  readonly addresses: BigUint64Array
  readonly littleEndian: boolean
}

/**
 * The symbols of a kernel's image, as the kernel itself has them. Names are decoded when they are
 * asked for.
 */
export class KallsymsTables implements SymbolTable {
  readonly source: string
  readonly addresses: BigUint64Array
  readonly names: KallsymsNames
  private order: KallsymsNameOrder | undefined

  /** Throws {@link FormatError}. */
  constructor(parts: KallsymsParts) {
    const { source, littleEndian } = parts
    this.source = source
    this.addresses = parts.addresses
    const tokens = new KallsymsTokens(parts.tokenTable, parts.tokenIndex, littleEndian, source)
    this.names = new KallsymsNames(parts.names, parts.count, tokens, source)
  }

  /** Makes use of `kallsyms_seqs_of_names`, if the bytes are that; tells whether they are. */
  sortedBy(seqs: Uint8Array): boolean {
    const order = new KallsymsNameOrder(seqs, this.names)
    if (!order.plausible) return false
    this.order = order
    return true
  }

  nameAt(position: number): string {
    return this.names.nameAt(position)
  }

  nameHashAt(position: number): number {
    return this.names.hashAt(position)
  }

  positionsOf(name: string): number[] | undefined {
    return this.order?.positionsOf(name)
  }

  typeAt(position: number): string {
    return this.names.typeAt(position)
  }

  /** The tables are of the kernel itself. */
  moduleAt(): undefined {
    return undefined
  }
}
