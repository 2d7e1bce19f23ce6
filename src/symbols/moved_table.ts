import type { SymbolTable } from './table.js'

/** Addresses of the upper half are the kernel's; lower ones are constants and per-CPU offsets. */
const KERNEL_HALF = 1n << 63n

/** The symbols of a kernel that KASLR moved away from where it was linked. */
export class MovedTable implements SymbolTable {
  readonly source: string
  readonly addresses: BigUint64Array

  constructor(
    private readonly table: SymbolTable,
    offset: bigint,
  ) {
    this.source = table.source
    this.addresses = table.addresses.map((address) => {
      return address < KERNEL_HALF ? address : BigInt.asUintN(64, address + offset)
    })
  }

  nameAt(position: number): string {
    return this.table.nameAt(position)
  }

  nameHashAt(position: number): number {
    return this.table.nameHashAt(position)
  }

  typeAt(position: number): string {
    return this.table.typeAt(position)
  }

  moduleAt(position: number): string | undefined {
    return this.table.moduleAt(position)
  }
}
