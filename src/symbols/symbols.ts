import { nearestNames } from '../bytes/nearest.js'
import { NotFoundError } from '../errors.js'
import { AddressOrder } from './address_order.js'
import { type AddressRange, imageAreas } from './areas.js'
import { NameLookup } from './name_lookup.js'
import type { SymbolTable } from './table.js'

export interface KernelSymbol {
  readonly name: string
  readonly address: bigint
  /** The letter that nm gives it, such as `T` for a function; upper case if it is global. */
  readonly type: string
  /**
   * The module it is in, or what the kernel writes in its place: `bpf`, `__builtin__ftrace`,
   * `__builtin__kprobes`; undefined for the kernel itself.
   */
  readonly module: string | undefined
}

/** A symbol and the distance in bytes from its address. */
export interface NearestSymbol {
  readonly symbol: KernelSymbol
  readonly offset: number
}

/** How far the last symbol of a module is taken to reach where the end of its module is unknown. */
const UNKNOWN_REACH = 0x10000n

/** The symbols of a kernel, by name and by address. */
export class Symbols {
  private readonly lookup: NameLookup
  private order: AddressOrder | undefined
  private image: AddressRange[] | undefined

  /** `modules` are the areas that modules lie in, as far as they are known. */
  constructor(
    private readonly table: SymbolTable,
    private readonly modules: readonly AddressRange[] = [],
  ) {
    this.lookup = new NameLookup(table)
  }

  get count(): number {
    return this.table.addresses.length
  }

  /**
   * The first symbol of this name, in the kernel or in one module: the same name may belong to
   * several static functions. Mirrors `kallsyms_lookup_name()`, which too returns the first.
   */
  find(name: string, module?: string): KernelSymbol | undefined {
    for (const symbol of this.findAll(name)) {
      if (module === undefined || symbol.module === module) return symbol
    }
    return undefined
  }

  /** All symbols of this name, in the order of the source. */
  *findAll(name: string): Generator<KernelSymbol> {
    for (const position of this.lookup.positionsOf(name)) yield this.symbolAt(position)
  }

  /** Like {@link find}, but throws {@link NotFoundError} that names the nearest ones. */
  get(name: string, module?: string): KernelSymbol {
    const found = this.find(name, module)
    if (found !== undefined) return found
    throw new NotFoundError(
      `no symbol ${name}${module === undefined ? '' : ` in module ${module}`}`,
      nearestNames(name, this.names()),
      `${this.table.source} has none of this name`,
    )
  }

  /**
   * The symbol that an address belongs to: the last at or below it, unless it ends before. Mirrors
   * `kallsyms_lookup()`. Of several symbols at one address (aliases) that is the first of the source,
   * as in the kernel; there the global ones, and of them those with the fewest leading underscores,
   * come before weak ones and those that the linker defines (compare_symbols() in
   * scripts/kallsyms.c).
   */
  nearest(address: bigint): NearestSymbol | undefined {
    this.order ??= new AddressOrder(this.table.addresses)
    const next = this.order.rankOf(address + 1n)
    const start = this.order.addressAt(next - 1)
    if (next === 0 || start === undefined) return undefined
    const symbol = this.symbolAt(this.order.positionAt(this.order.rankOf(start)))
    if (address >= this.reachOf(symbol)) return undefined
    return { symbol, offset: Number(address - start) }
  }

  /** Where a symbol ends if no other one follows. */
  private reachOf({ address, module }: KernelSymbol): bigint {
    this.image ??= imageAreas((name) => this.find(name)?.address)
    const areas = module === undefined ? this.image : this.modules
    const area = areas.find(({ start, end }) => address >= start && address < end)
    return area?.end ?? address + (module === undefined ? 1n : UNKNOWN_REACH)
  }

  /** Every symbol, in the order of the source. */
  *symbols(): Generator<KernelSymbol> {
    for (let position = 0; position < this.count; position++) yield this.symbolAt(position)
  }

  private symbolAt(position: number): KernelSymbol {
    return {
      name: this.table.nameAt(position),
      address: this.table.addresses[position]!,
      type: this.table.typeAt(position),
      module: this.table.moduleAt(position),
    }
  }

  private *names(): Generator<string> {
    for (let position = 0; position < this.count; position++) yield this.table.nameAt(position)
  }
}
