import { Cursor } from './cursor.js'
import type { FrameSection } from './frame_section.js'
import { DW_EH_PE_omit, readEncoded } from './pointer_encoding.js'

/** `DW_EH_PE_datarel | DW_EH_PE_sdata4`, which every linker writes: pairs of 32-bit distances. */
const USUAL_TABLE = 0x3b

/** Bytes of a value in a table that can be searched, by the format of its encoding. */
const SIZES: Record<number, number> = { 2: 2, 3: 4, 4: 8, 10: 2, 11: 4, 12: 8 }

/** `.eh_frame_hdr` (LSB, "The .eh_frame_hdr Section"): where `.eh_frame` is, and a sorted table of its FDEs. */
export class EhFrameHdr {
  /** The address of `.eh_frame`. */
  readonly ehFrame: bigint
  /** How many FDEs the table has; 0 if there is no table. */
  readonly count: number
  private readonly table: number
  private readonly encoding: number
  private readonly valueSize: number
  private readonly view: DataView

  constructor(private readonly section: FrameSection) {
    const cursor = new Cursor(section, 0)
    const version = cursor.u8()
    if (version !== 1) throw cursor.damaged(`the version of .eh_frame_hdr is 1, not ${version}`, 0)
    const [ehFrame, count, encoding] = [cursor.u8(), cursor.u8(), cursor.u8()]
    this.ehFrame = readEncoded(cursor, ehFrame, { data: section.address })
    this.encoding = encoding
    this.valueSize = SIZES[encoding & 0x0f] ?? ((encoding & 7) === 0 ? section.addressSize : 0)
    const none = count === DW_EH_PE_omit || encoding === DW_EH_PE_omit || this.valueSize === 0
    this.count = none ? 0 : Number(readEncoded(cursor, count, { data: section.address }))
    this.table = cursor.at
    if (this.count * 2 * this.valueSize > cursor.end - cursor.at) {
      throw cursor.damaged(`a table of ${this.count} entries ends within the section`)
    }
    const { bytes } = section
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** The address of the last FDE whose function starts at or before `address`. */
  find(address: bigint): bigint | undefined {
    const after = this.encoding === USUAL_TABLE ? this.searchUsual(address) : this.search(address)
    return after === 0 ? undefined : this.value(2 * (after - 1) + 1)
  }

  /** How many functions start at or before `address`. */
  private search(address: bigint): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.value(2 * middle) <= address) low = middle + 1
      else high = middle
    }
    return low
  }

  private searchUsual(address: bigint): number {
    const distance = Number(address - this.section.address)
    const { view, table } = this
    const { littleEndian } = this.section
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (view.getInt32(table + 8 * middle, littleEndian) <= distance) low = middle + 1
      else high = middle
    }
    return low
  }

  private value(index: number): bigint {
    const cursor = new Cursor(this.section, this.table + index * this.valueSize)
    return readEncoded(cursor, this.encoding, { data: this.section.address })
  }
}
