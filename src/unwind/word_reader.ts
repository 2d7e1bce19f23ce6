import { FaultError } from '../errors.js'
import type { Memory } from '../memory/memory.js'

const PAGE_SIZE = 4096

/** Where a stack is read. */
export interface StackMemory extends Pick<Memory, 'read'> {
  /** The page that starts there, if it is at hand as a whole, so that it need not be copied. */
  pageAt?(start: bigint): DataView | undefined
}

/** Reads numbers from a stack, a page at a time: neighbours are wanted next. */
export class WordReader {
  private view: DataView | undefined
  private start = -1n

  constructor(
    private readonly memory: StackMemory,
    private readonly littleEndian = true,
  ) {}

  /** An unsigned number of 1, 2, 4 or 8 bytes; throws {@link FaultError}. */
  load(address: bigint, size: number): bigint {
    const offset = Number(BigInt.asUintN(12, address))
    if (offset + size > PAGE_SIZE || !this.reach(address - BigInt(offset))) {
      return this.loadAlone(address, size)
    }
    return numberAt(this.view!, offset, size, this.littleEndian)
  }

  /** Whether the page that starts there could be read as a whole. */
  private reach(start: bigint): boolean {
    if (this.start === start) return true
    const view = this.memory.pageAt?.(start) ?? this.readPage(start)
    this.start = view === undefined ? -1n : start
    this.view = view
    return view !== undefined
  }

  private readPage(start: bigint): DataView | undefined {
    const page = new Uint8Array(PAGE_SIZE)
    try {
      this.memory.read(start, page)
      return new DataView(page.buffer)
    } catch (error) {
      if (error instanceof FaultError) return undefined
      throw error
    }
  }

  private loadAlone(address: bigint, size: number): bigint {
    const bytes = new Uint8Array(size)
    this.memory.read(address, bytes)
    return numberAt(new DataView(bytes.buffer), 0, size, this.littleEndian)
  }
}

function numberAt(view: DataView, at: number, size: number, littleEndian: boolean): bigint {
  if (size === 8) return view.getBigUint64(at, littleEndian)
  if (size === 4) return BigInt(view.getUint32(at, littleEndian))
  if (size === 2) return BigInt(view.getUint16(at, littleEndian))
  return BigInt(view.getUint8(at))
}
