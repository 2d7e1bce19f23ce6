import type { ElfData } from './data.js'
import { type ElfSection, SHN_XINDEX } from './section.js'
import type { ElfStrings } from './strings.js'

/** `STB_LOCAL`, `STB_GLOBAL`, `STB_WEAK`: who sees a symbol. */
export const STB_LOCAL = 0
export const STB_GLOBAL = 1
export const STB_WEAK = 2

/** `Elf32_Sym` or `Elf64_Sym` of include/uapi/linux/elf.h, its fields without the prefix `st_`. */
export interface ElfSymbol {
  readonly name: string
  readonly value: bigint
  readonly size: bigint
  /** Low four bits of `st_info`: STT_NOTYPE, STT_OBJECT, STT_FUNC … */
  readonly type: number
  /** High four bits of `st_info`. */
  readonly bind: number
  /** Low two bits of `st_other`. */
  readonly visibility: number
  /** Index of its section, or SHN_UNDEF, SHN_ABS, SHN_COMMON. */
  readonly shndx: number
}

const SYMBOL_SIZE = { 32: 16, 64: 24 } as const

/**
 * The symbols of an SHT_SYMTAB or SHT_DYNSYM section, the empty first one included. `extended` is
 * where the 32-bit indices of an SHT_SYMTAB_SHNDX section start, if there is one.
 */
export function* readSymbols(
  data: ElfData,
  section: ElfSection,
  names: ElfStrings,
  extended: { start: number; end: number } | undefined,
): Generator<ElfSymbol> {
  const { start, end } = data.range(section.offset, section.size, `section ${section.name}`)
  const size = SYMBOL_SIZE[data.bits]
  for (let at = start, index = 0; at + size <= end; at += size, index++) {
    const symbol = readSymbol(data, at, names)
    if (symbol.shndx !== SHN_XINDEX || extended === undefined) yield symbol
    else yield { ...symbol, shndx: extendedIndex(data, extended, index) }
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

function extendedIndex(
  data: ElfData,
  { start, end }: { start: number; end: number },
  index: number,
): number {
  const at = start + index * 4
  if (at + 4 > end) throw data.damaged(at, 'a symbol has an entry in the table of section indices')
  return data.fields(at).u32()
}
