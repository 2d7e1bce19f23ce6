/**
 * What a source of symbols provides, such as the text of /proc/kallsyms or the tables within a
 * kernel image. A symbol is known by its position in the source.
 */
export interface SymbolTable {
  /** Its name in messages. */
  readonly source: string
  /** The address of each symbol, in the order of the source. */
  readonly addresses: BigUint64Array
  nameAt(position: number): string
  /** `hashName` of the name, perhaps without the name being decoded. */
  nameHashAt(position: number): number
  /**
   * The positions of a name in ascending order, for a table that can tell without a look at all
   * names; undefined where it cannot.
   */
  positionsOf?(name: string): Iterable<number> | undefined
  /** The letter that nm gives the symbol: upper case for global ones. */
  typeAt(position: number): string
  /** The module, or what stands in its place, such as `bpf`; undefined for the kernel itself. */
  moduleAt(position: number): string | undefined
}
