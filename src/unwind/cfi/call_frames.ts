import { KsightError } from '../../errors.js'
import { EhFrameHdr } from './eh_frame_hdr.js'
import { type Fde, FrameEntries } from './entries.js'
import { FdeIndex } from './fde_index.js'
import type { FrameSection } from './frame_section.js'
import { type Dialect, rowAt, rowsOf } from './instructions.js'
import type { PointerBases } from './pointer_encoding.js'
import type { Row } from './rules.js'

/** What a file has of call frame information, as far as its headers tell. */
export interface FrameSections {
  readonly ehFrameHdr?: FrameSection | undefined
  readonly ehFrame?: FrameSection | undefined
  /** Whether the size of `.eh_frame` is known; if not, it ends with an entry of length zero. */
  readonly ehFrameSized?: boolean
  readonly debugFrame?: FrameSection | undefined
  /** Addresses of `.text` and `.got`, for the encodings that are relative to them. */
  readonly bases?: PointerBases | undefined
  readonly signsReturnAddress?: boolean
}

/** Rows of more addresses than these are forgotten. */
const MAX_REMEMBERED = 1 << 16

/**
 * The call frame information of one file: for an address of its code, how to find the caller. Rows
 * that were asked for are remembered, so that it is best kept as long as the file is of interest.
 */
export class CallFrames {
  private readonly tables: FrameTable[] = []
  private readonly remembered = new Map<bigint, Row | KsightError | undefined>()

  constructor(
    sections: FrameSections,
    /** What of the file could not be used. */
    readonly damages: KsightError[] = [],
  ) {
    const { ehFrameHdr, ehFrame, debugFrame, bases = {}, signsReturnAddress = false } = sections
    const dialect = { bases, signsReturnAddress }
    if (ehFrame !== undefined) {
      const hdr = ehFrameHdr && this.attempt(() => new EhFrameHdr(ehFrameHdr))
      const entries = new FrameEntries(ehFrame, 'eh_frame', bases)
      this.tables.push(new FrameTable(entries, dialect, hdr, sections.ehFrameSized === false))
    }
    if (debugFrame !== undefined) {
      this.tables.push(new FrameTable(new FrameEntries(debugFrame, 'debug_frame', bases), dialect))
    }
  }

  /**
   * The row for an address of the file; undefined for code that nothing describes. Throws
   * {@link KsightError} where the description is damaged.
   */
  rowAt(address: bigint): Row | undefined {
    let row = this.remembered.get(address)
    if (row === undefined && !this.remembered.has(address)) {
      row = this.lookUp(address)
      if (this.remembered.size === MAX_REMEMBERED) this.remembered.clear()
      this.remembered.set(address, row)
    }
    if (row instanceof KsightError) throw row
    return row
  }

  private lookUp(address: bigint): Row | KsightError | undefined {
    try {
      for (const table of this.tables) {
        const row = table.rowAt(address)
        if (row !== undefined) return row
      }
      return undefined
    } catch (error) {
      if (error instanceof KsightError) return error
      throw error
    }
  }

  /** All FDEs with their rows, in the order of the sections; throws where an entry is damaged. */
  *entries(): Generator<{ fde: Fde; rows: Generator<Row> }> {
    for (const table of this.tables) yield* table.all()
  }

  private attempt<T>(use: () => T): T | undefined {
    try {
      return use()
    } catch (error) {
      if (!(error instanceof KsightError)) throw error
      this.damages.push(error)
      return undefined
    }
  }
}

/** One section and its index. */
class FrameTable {
  private scanned: FdeIndex | undefined

  constructor(
    private readonly entries: FrameEntries,
    private readonly dialect: Dialect,
    private readonly hdr?: EhFrameHdr | undefined,
    private readonly endsAtZero = false,
  ) {}

  rowAt(address: bigint): Row | undefined {
    const offset = this.offsetOf(address)
    if (offset === undefined) return undefined
    const fde = this.entries.fdeAt(offset)
    if (address < fde.start || address >= fde.end) return undefined
    return rowAt(this.entries.section, fde, address, this.dialect)
  }

  /** Where the FDE is that may cover an address. */
  private offsetOf(address: bigint): number | undefined {
    if (this.hdr !== undefined && this.hdr.count > 0) {
      const found = this.hdr.find(address)
      return found === undefined ? undefined : Number(found - this.entries.section.address)
    }
    this.scanned ??= new FdeIndex(this.entries.fdes(this.endsAtZero))
    return this.scanned.find(address)
  }

  *all(): Generator<{ fde: Fde; rows: Generator<Row> }> {
    for (const fde of this.entries.fdes(this.endsAtZero)) {
      yield { fde, rows: rowsOf(this.entries.section, fde, this.dialect) }
    }
  }
}
