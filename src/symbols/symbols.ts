import { nearestNames } from '../bytes/nearest.js'
import { type KsightError, NotFoundError } from '../errors.js'
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

/** A table of symbols. */
export interface SymbolSource {
  readonly table: SymbolTable
  /** The areas that modules lie in, as far as they are known. */
  readonly modules: readonly AddressRange[]
  /** Why some are missing. */
  readonly problems?: readonly KsightError[]
}

/** How far the last symbol of a module is taken to reach where the end of its module is unknown. */
const UNKNOWN_REACH = 0x10000n

/** The symbols of a kernel, by name and by address. */
export class Symbols {
  private readonly parts: Part[]
  private image: AddressRange[] | undefined

  /**
   * `modules` are the areas that modules lie in, as far as they are known. `rest` gives what follows
   * the symbols of the table; it is asked for when they are not enough.
   */
  constructor(
    table: SymbolTable,
    modules: readonly AddressRange[] = [],
    private rest?: () => SymbolSource,
  ) {
    this.parts = [new Part({ table, modules })]
  }

  /** Why symbols that there should be are missing, as far as it was tried to read them. */
  readonly problems: KsightError[] = []

  get count(): number {
    let count = 0
    for (const { table } of this.everyPart()) count += table.addresses.length
    return count
  }

  /** The parts, the rest only if it comes to that. */
  private *everyPart(): Generator<Part> {
    yield* this.parts
    const { rest } = this
    if (rest === undefined) return
    // It may itself look for symbols, which the first part has.
    this.rest = undefined
    const found = rest()
    this.problems.push(...(found.problems ?? []))
    const part = new Part(found)
    this.parts.push(part)
    yield part
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
    for (const part of this.everyPart()) {
      for (const position of part.names.positionsOf(name)) yield part.symbolAt(position)
    }
  }

  /** Like {@link find}, but throws {@link NotFoundError} that names the nearest ones. */
  get(name: string, module?: string): KernelSymbol {
    const found = this.find(name, module)
    if (found !== undefined) return found
    throw new NotFoundError(
      `no symbol ${name}${module === undefined ? '' : ` in module ${module}`}`,
      nearestNames(name, this.names()),
      `${this.parts[0]!.table.source} has none of this name`,
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
    for (const part of this.everyPart()) {
      const symbol = part.lastUpTo(address)
      if (symbol === undefined || address >= this.reachOf(part, symbol)) continue
      return { symbol, offset: Number(address - symbol.address) }
    }
    return undefined
  }

  /**
   * The bytes from the start of the symbol that an address belongs to up to the next one, or to the end
   * of what it lies in. Mirrors `kallsyms_lookup_size_offset()`; undefined where {@link nearest} is.
   */
  sizeAt(address: bigint): number | undefined {
    for (const part of this.everyPart()) {
      const symbol = part.lastUpTo(address)
      if (symbol === undefined) continue
      const reach = this.reachOf(part, symbol)
      if (address >= reach) continue
      const next = part.firstAfter(address)
      return Number((next !== undefined && next < reach ? next : reach) - symbol.address)
    }
    return undefined
  }

  /** Where a symbol ends if no other one follows. */
  private reachOf(part: Part, { address, module }: KernelSymbol): bigint {
    this.image ??= imageAreas((name) => this.findInFirst(name))
    const areas = module === undefined ? this.image : part.modules
    const area = areas.find(({ start, end }) => address >= start && address < end)
    return area?.end ?? address + (module === undefined ? 1n : UNKNOWN_REACH)
  }

  private findInFirst(name: string): bigint | undefined {
    const [first] = this.parts
    for (const position of first!.names.positionsOf(name)) return first!.symbolAt(position).address
    return undefined
  }

  /** Every symbol, in the order of the source. */
  *symbols(): Generator<KernelSymbol> {
    for (const part of this.everyPart()) {
      for (let i = 0; i < part.table.addresses.length; i++) yield part.symbolAt(i)
    }
  }

  private *names(): Generator<string> {
    for (const { table } of this.everyPart()) {
      for (let i = 0; i < table.addresses.length; i++) yield table.nameAt(i)
    }
  }
}

/** A table, with what finds its symbols. */
class Part {
  readonly table: SymbolTable
  readonly modules: readonly AddressRange[]
  readonly names: NameLookup
  private addressOrder: AddressOrder | undefined

  constructor({ table, modules }: SymbolSource) {
    this.table = table
    this.modules = modules
    this.names = new NameLookup(table)
  }

  symbolAt(position: number): KernelSymbol {
    const { table } = this
    return {
      name: table.nameAt(position),
      address: table.addresses[position]!,
      type: table.typeAt(position),
      module: table.moduleAt(position),
    }
  }

  firstAfter(address: bigint): bigint | undefined {
    const { order } = this
    return order.addressAt(order.rankOf(address + 1n))
  }

  /** The first of those with the highest address up to this one. */
  lastUpTo(address: bigint): KernelSymbol | undefined {
    const { order } = this
    const next = order.rankOf(address + 1n)
    const start = order.addressAt(next - 1)
    if (next === 0 || start === undefined) return undefined
    return this.symbolAt(order.positionAt(order.rankOf(start)))
  }

  private get order(): AddressOrder {
    this.addressOrder ??= new AddressOrder(this.table.addresses)
    return this.addressOrder
  }
}
