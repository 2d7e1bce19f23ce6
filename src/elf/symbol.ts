import type { ElfData } from './data.js'
import type { ElfStrings } from './strings.js'

/** `Elf32_Sym` or `Elf64_Sym` of include/uapi/linux/elf.h, its fields without the prefix `st_`. */
export interface ElfSymbol {
  readonly name: string
  readonly value: bigint
  readonly size: bigint
  /** Low four bits of `st_info`: STT_NOTYPE, STT_OBJECT, STT_FUNC … */
  readonly type: number
  /** High four bits of `st_info`: STB_LOCAL, STB_GLOBAL, STB_WEAK … */
  readonly bind: number
  /** Low two bits of `st_other`. */
  readonly visibility: number
  /**
   * Index of its section, 0 (SHN_UNDEF) if it is defined elsewhere, or a reserved index minus
   * 0x10000, such as -15 for SHN_ABS (0xfff1): in a file with enough sections, 0xfff1 is one of them.
   */
  readonly shndx: number
}

const SYMBOL_SIZE = { 32: 16, 64: 24 } as const

/** The reserved indices start here. */
const SHN_LORESERVE = 0xff00
/** The index does not fit into 16 bits, and is in a table of its own. */
const SHN_XINDEX = 0xffff

interface Range {
  readonly start: number
  readonly end: number
}

/**
 * The symbols of an SHT_SYMTAB or SHT_DYNSYM section, without its empty first entry. `extended` is
 * where the 32-bit indices of its SHT_SYMTAB_SHNDX section are, if it has one.
 */
export function* readSymbols(
  data: ElfData,
  { start, end }: Range,
  names: ElfStrings,
  extended: Range | undefined,
): Generator<ElfSymbol> {
  const size = SYMBOL_SIZE[data.bits]
  for (let index = 1; start + (index + 1) * size <= end; index++) {
    const symbol = readSymbol(data, start + index * size, names)
    yield { ...symbol, shndx: sectionIndex(data, symbol.shndx, index, extended) }
  }
}

function readSymbol(data: ElfData, at: number, names: ElfStrings): ElfSymbol {
  const fields = data.fields(at)
  const nameOffset = fields.u32()
  // The order differs so that the 64-bit fields are aligned.
  const early = data.bits === 32 ? { value: fields.word(), size: fields.word() } : undefined
  const info = fields.u8()
  const visibility = fields.u8() & 3
  const shndx = fields.u16()
  const { value, size } = early ?? { value: fields.word(), size: fields.word() }
  const name = names.at(nameOffset)
  if (name === undefined) throw data.damaged(at, 'the name of a symbol is in its string table')
  return { name, value, size, type: info & 0xf, bind: info >>> 4, visibility, shndx }
}

function sectionIndex(
  data: ElfData,
  shndx: number,
  symbol: number,
  extended: Range | undefined,
): number {
  if (shndx < SHN_LORESERVE) return shndx
  if (shndx !== SHN_XINDEX || extended === undefined) return shndx - 0x10000
  const at = extended.start + symbol * 4
  if (at + 4 > extended.end) {
    throw data.damaged(at, 'a symbol has an entry in the table of section indices')
  }
  return data.fields(at).u32()
}
