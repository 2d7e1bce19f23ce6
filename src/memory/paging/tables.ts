import { FaultError } from '../../errors.js'
import type { Memory } from '../memory.js'
import type { Level, PagingMode } from './mode.js'

/** In bytes. */
const MAX_TABLES = 16 * 2 ** 20

/** Page tables, read as wholes and remembered; the ones read first make room for new ones. */
export class Tables {
  private readonly known = new Map<number, DataView | FaultError>()
  private bytes = 0

  constructor(
    private readonly mode: PagingMode,
    private readonly physical: Memory,
  ) {}

  /** The table of a level at a physical address, or why it cannot be read. */
  get(address: number, level: Level): DataView | FaultError {
    const known = this.known.get(address)
    if (known !== undefined) {
      // The PGD of a small address space may be shorter than another table at the same place.
      const enough = known instanceof FaultError || known.byteLength >= sizeOf(level, this.mode)
      if (enough) return known
    }
    const table = readTable(this.mode, this.physical, address, level)
    this.remember(address, table)
    return table
  }

  private remember(address: number, table: DataView | FaultError): void {
    while (this.bytes >= MAX_TABLES) this.forgetOldest()
    this.known.set(address, table)
    this.bytes += costOf(table)
  }

  private forgetOldest(): void {
    for (const [address, table] of this.known) {
      this.known.delete(address)
      this.bytes -= costOf(table)
      return
    }
    this.bytes = 0
  }

  drop(): void {
    this.known.clear()
    this.bytes = 0
  }
}

export function readTable(
  mode: PagingMode,
  physical: Memory,
  address: number,
  level: Level,
): DataView | FaultError {
  const bytes = new Uint8Array(sizeOf(level, mode))
  try {
    physical.read(BigInt(address), bytes)
    return new DataView(bytes.buffer)
  } catch (error) {
    if (error instanceof FaultError) return error
    throw error
  }
}

const sizeOf = (level: Level, mode: PagingMode) => mode.entrySize << level.bits

/** About what it takes to remember it. */
const costOf = (table: DataView | FaultError) =>
  256 + (table instanceof FaultError ? 0 : table.byteLength)
