import type { Cursor } from './cursor.js'

/** `DW_EH_PE_*`: there is no pointer. */
export const DW_EH_PE_omit = 0xff
const DW_EH_PE_absptr = 0
const DW_EH_PE_aligned = 0x50
const DW_EH_PE_indirect = 0x80

/** What pointers are relative to, where they are not absolute or relative to themselves. */
export interface PointerBases {
  /** Of DW_EH_PE_datarel. */
  readonly data?: bigint
  /** Of DW_EH_PE_textrel. */
  readonly text?: bigint
  /** Of DW_EH_PE_funcrel. */
  readonly function?: bigint
}

/**
 * A pointer as the encoding (LSB, "DWARF Exception Header Encoding") has it: an address of the file.
 * Those that point to where the address is (DW_EH_PE_indirect) are refused: that is in memory.
 */
export function readEncoded(cursor: Cursor, encoding: number, bases: PointerBases = {}): bigint {
  if ((encoding & DW_EH_PE_indirect) !== 0) {
    throw cursor.damaged(`the pointer is direct, not encoded as 0x${encoding.toString(16)}`)
  }
  if (encoding === DW_EH_PE_aligned) return readAligned(cursor)
  const base = baseOf(cursor, encoding, bases)
  return wrap(cursor, base + readValue(cursor, encoding))
}

/** Skips a pointer of any encoding, a direct one or not. */
export function skipEncoded(cursor: Cursor, encoding: number): void {
  if (encoding === DW_EH_PE_omit) return
  if ((encoding & ~DW_EH_PE_indirect) === DW_EH_PE_aligned) readAligned(cursor)
  else readValue(cursor, encoding)
}

/** The value as it is stored, relative to nothing. */
export function readValue(cursor: Cursor, encoding: number): bigint {
  switch (encoding & 0x0f) {
    case DW_EH_PE_absptr:
      return cursor.word()
    case 0x01:
      return cursor.uleb64()
    case 0x02:
      return BigInt(cursor.u16())
    case 0x03:
      return BigInt(cursor.u32())
    case 0x04:
      return cursor.u64()
    case 0x08:
      return BigInt.asIntN(8 * cursor.section.addressSize, cursor.word())
    case 0x09:
      return cursor.sleb64()
    case 0x0a:
      return BigInt(cursor.i16())
    case 0x0b:
      return BigInt(cursor.i32())
    case 0x0c:
      return cursor.i64()
    default:
      throw cursor.damaged(`the encoding of a pointer is known, not 0x${encoding.toString(16)}`)
  }
}

function baseOf(cursor: Cursor, encoding: number, bases: PointerBases): bigint {
  const base = relativeTo(cursor, encoding & 0x70, bases)
  if (base !== undefined) return base
  throw cursor.damaged(
    `it is known what a pointer encoded as 0x${encoding.toString(16)} is relative to`,
  )
}

function relativeTo(cursor: Cursor, application: number, bases: PointerBases): bigint | undefined {
  switch (application) {
    case 0x00:
      return 0n
    case 0x10:
      return cursor.address
    case 0x20:
      return bases.text
    case 0x30:
      return bases.data
    case 0x40:
      return bases.function
    default:
      return undefined
  }
}

function readAligned(cursor: Cursor): bigint {
  const size = cursor.section.addressSize
  cursor.skip(Number(BigInt.asUintN(64, -cursor.address) % BigInt(size)))
  return cursor.word()
}

function wrap(cursor: Cursor, address: bigint): bigint {
  return BigInt.asUintN(8 * cursor.section.addressSize, address)
}
