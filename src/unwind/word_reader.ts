import { FaultError } from '../errors.js'
import type { Memory } from '../memory/memory.js'

const PAGE_SIZE = 4096

/** Reads numbers from a stack, a page at a time: neighbours are wanted next. */
export class WordReader {
  private readonly page = new Uint8Array(PAGE_SIZE)
  private readonly view = new DataView(this.page.buffer)
  private start = -1n

  constructor(
    private readonly memory: Pick<Memory, 'read'>,
    private readonly littleEndian = true,
  ) {}

  /** An unsigned number of 1, 2, 4 or 8 bytes; throws {@link FaultError}. */
  load(address: bigint, size: number): bigint {
    const offset = Number(BigInt.asUintN(12, address))
    if (offset + size > PAGE_SIZE || !this.reach(address - BigInt(offset))) {
      return this.loadAlone(address, size)
    }
    return numberAt(this.view, offset, size, this.littleEndian)
  }

  /** Whether the page that starts there could be read as a whole. */
  private reach(start: bigint): boolean {
    if (this.start === start) return true
    this.start = -1n
    try {
      this.memory.read(start, this.page)
    } catch (error) {
      if (error instanceof FaultError) return false
      throw error
    }
    this.start = start
    return true
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
