import { FormatError } from '../../errors.js'
import { Cursor } from './cursor.js'
import type { FrameSection } from './frame_section.js'
import {
  DW_EH_PE_omit,
  type PointerBases,
  readEncoded,
  readValue,
  skipEncoded,
} from './pointer_encoding.js'

/** Where call frame instructions are in their section. */
export interface Instructions {
  readonly start: number
  readonly end: number
}

/** A common information entry: what the functions of a compilation unit share. */
export interface Cie {
  /** In its section. */
  readonly offset: number
  readonly version: number
  readonly augmentation: string
  readonly codeAlignment: number
  readonly dataAlignment: number
  /** The column that stands for the return address. */
  readonly returnRegister: number
  /** DW_EH_PE_* of the addresses in its FDEs. */
  readonly pointerEncoding: number
  /** `S`: the frame is that of a signal trampoline; its caller was interrupted, it made no call. */
  readonly signalFrame: boolean
  /** Whether FDEs have augmentation data with a length. */
  readonly augmented: boolean
  readonly segmentSelectorSize: number
  readonly instructions: Instructions
}

/** A frame description entry: a range of code, from `start` on, without `end`. */
export interface Fde {
  /** In its section. */
  readonly offset: number
  readonly cie: Cie
  readonly start: bigint
  readonly end: bigint
  readonly instructions: Instructions
}

const LENGTH_64 = 0xffffffff
/** Lengths above are reserved, but for the one that says that 64 bits follow. */
const LENGTH_RESERVED = 0xfffffff0
/** The most characters of an augmentation; the longest known one has seven. */
const MAX_AUGMENTATION = 16

/** The frame of an entry, before it is known what it is. */
interface Header {
  readonly offset: number
  /** Where the next entry starts. */
  readonly next: number
  /** Just behind `id`. */
  readonly cursor: Cursor
  /** Where the CIE of an FDE is; undefined for a CIE. */
  readonly cie: number | undefined
}

/** The entries of `.eh_frame` or `.debug_frame`. A CIE is remembered, an FDE is read anew each time. */
export class FrameEntries {
  private readonly cies = new Map<number, Cie>()

  constructor(
    readonly section: FrameSection,
    readonly kind: 'eh_frame' | 'debug_frame',
    private readonly bases: PointerBases = {},
  ) {}

  /** The FDE at an offset; throws {@link FormatError} for what is not one. */
  fdeAt(offset: number): Fde {
    const header = this.readHeader(offset)
    if (header?.cie === undefined) {
      throw new FormatError(this.section.name, offset, 'a frame description entry (FDE) is there')
    }
    return this.readFde(header, header.cie)
  }

  /**
   * All FDEs in their order. Throws {@link FormatError} where an entry is damaged. Entries of length
   * zero, which mark the end of what a linker put together, are passed over, unless it is not known
   * where the section ends.
   */
  *fdes(endsAtZero = false): Generator<Fde> {
    for (let offset = 0; offset + 4 <= this.section.bytes.length; ) {
      const header = this.readHeader(offset)
      if (header === undefined && endsAtZero) return
      if (header?.cie !== undefined) yield this.readFde(header, header.cie)
      offset = header?.next ?? offset + 4
    }
  }

  /** Undefined for an entry of length zero. */
  private readHeader(offset: number): Header | undefined {
    const cursor = new Cursor(this.section, offset)
    const short = cursor.u32()
    if (short === 0) return undefined
    if (short >= LENGTH_RESERVED && short !== LENGTH_64) {
      throw cursor.damaged(`the length of an entry is not 0x${short.toString(16)}`, offset)
    }
    const is64 = short === LENGTH_64
    const length = is64 ? cursor.u64() : BigInt(short)
    if (length > BigInt(cursor.end - cursor.at)) {
      throw cursor.damaged(`an entry of ${length} bytes ends within the section`, offset)
    }
    cursor.end = cursor.at + Number(length)
    const cie = this.kind === 'eh_frame' ? ciePointer(cursor) : cieOffset(cursor, is64)
    return { offset, next: cursor.end, cursor, cie }
  }

  private readFde({ offset, cursor }: Header, cieOffset: number): Fde {
    const cie = this.cieAt(cieOffset)
    cursor.skip(cie.segmentSelectorSize)
    const start = readEncoded(cursor, cie.pointerEncoding, this.bases)
    const length = readValue(cursor, cie.pointerEncoding & 0x0f)
    if (cie.augmented) cursor.skip(cursor.uleb())
    const instructions = { start: cursor.at, end: cursor.end }
    return { offset, cie, start, end: start + BigInt.asUintN(64, length), instructions }
  }

  private cieAt(offset: number): Cie {
    let cie = this.cies.get(offset)
    if (cie === undefined) {
      cie = this.readCie(offset)
      this.cies.set(offset, cie)
    }
    return cie
  }

  private readCie(offset: number): Cie {
    const header = this.readHeader(offset)
    if (header === undefined || header.cie !== undefined) {
      throw new FormatError(this.section.name, offset, 'a common information entry (CIE) is there')
    }
    const { cursor } = header
    const version = cursor.u8()
    if (version !== 1 && version !== 3 && version !== 4) {
      throw cursor.damaged(`the version of a CIE is 1, 3 or 4, not ${version}`)
    }
    const augmentation = readAugmentation(cursor)
    if (augmentation === 'eh') cursor.word() // From before GCC 3.
    const segmentSelectorSize = version === 4 ? this.readSizes(cursor) : 0
    const alignment = { codeAlignment: cursor.uleb(), dataAlignment: cursor.sleb() }
    const returnRegister = version === 1 ? cursor.u8() : cursor.uleb()
    const said = readAugmentationData(cursor, augmentation)
    const instructions = { start: cursor.at, end: cursor.end }
    return {
      offset,
      version,
      augmentation,
      ...alignment,
      returnRegister,
      ...said,
      segmentSelectorSize,
      instructions,
    }
  }

  /** The sizes of an address, which must be the file's, and of a segment selector. */
  private readSizes(cursor: Cursor): number {
    const addressSize = cursor.u8()
    if (addressSize !== this.section.addressSize) {
      throw cursor.damaged(`an address has ${this.section.addressSize} bytes, not ${addressSize}`)
    }
    return cursor.u8()
  }
}

/** In `.eh_frame`: how far back the CIE is, from here; zero for a CIE. 32 bits, whatever the length has. */
function ciePointer(cursor: Cursor): number | undefined {
  const at = cursor.at
  const distance = cursor.u32()
  return distance === 0 ? undefined : at - distance
}

/** In `.debug_frame`: where the CIE is, from the start; all ones for a CIE. */
function cieOffset(cursor: Cursor, is64: boolean): number | undefined {
  const offset = is64 ? cursor.i64() : BigInt(cursor.i32())
  return offset === -1n ? undefined : Number(BigInt.asUintN(is64 ? 64 : 32, offset))
}

function readAugmentation(cursor: Cursor): string {
  let text = ''
  for (;;) {
    const byte = cursor.u8()
    if (byte === 0) return text
    if (text.length === MAX_AUGMENTATION) throw cursor.damaged('the augmentation of a CIE is short')
    text += String.fromCharCode(byte)
  }
}

/**
 * What the letters behind `z` say. Those that only mark (`S` a signal frame, `B` that the B key signs
 * return addresses, `G` that the stack is tagged) have no data; data of letters that are not known
 * can be skipped, as its length is known.
 */
function readAugmentationData(
  cursor: Cursor,
  augmentation: string,
): Pick<Cie, 'pointerEncoding' | 'signalFrame' | 'augmented'> {
  const said = { pointerEncoding: 0, signalFrame: false, augmented: augmentation.startsWith('z') }
  if (!said.augmented) {
    // `.debug_frame` has letters without data; `eh` is from before GCC 3.
    if (!/^(eh|[SBG]*)$/.test(augmentation)) {
      throw cursor.damaged(`the augmentation "${augmentation}" starts with z`)
    }
    return { ...said, signalFrame: augmentation.includes('S') }
  }
  const start = cursor.skip(cursor.uleb())
  const next = cursor.at
  cursor.at = start
  for (const letter of augmentation.slice(1)) {
    if (letter === 'R') said.pointerEncoding = cursor.u8()
    else if (letter === 'L') cursor.u8()
    else if (letter === 'P') skipEncoded(cursor, cursor.u8())
    else if (letter === 'S') said.signalFrame = true
    else if (letter !== 'B' && letter !== 'G') break
  }
  if (said.pointerEncoding === DW_EH_PE_omit) throw cursor.damaged('an FDE has an address')
  cursor.at = next
  return said
}
