import { FormatError } from '../errors.js'
import type { ElfData } from './data.js'
import type { ElfHeader } from './header.js'
import { ElfStrings } from './strings.js'

/** `sh_type`: what a section holds. */
export const SHT_SYMTAB = 2
export const SHT_NOTE = 7
export const SHT_NOBITS = 8
export const SHT_DYNSYM = 11
export const SHT_SYMTAB_SHNDX = 18

/** `sh_flags`: the section is compressed and starts with an `Elf32_Chdr` or `Elf64_Chdr`. */
export const SHF_COMPRESSED = 0x800n

/** Special section indices. */
const SHN_UNDEF = 0
const SHN_XINDEX = 0xffff

/** `Elf32_Shdr` or `Elf64_Shdr` of include/uapi/linux/elf.h, its fields without the prefix `sh_`. */
export interface ElfSection {
  readonly index: number
  readonly name: string
  readonly type: number
  readonly flags: bigint
  readonly addr: bigint
  readonly offset: bigint
  readonly size: bigint
  readonly link: number
  readonly info: number
  readonly addralign: bigint
  readonly entsize: bigint
}

const SECTION_HEADER_SIZE = { 32: 40, 64: 64 } as const

type Unnamed = Omit<ElfSection, 'name'> & { readonly nameOffset: number }

/**
 * The first section header, which holds what does not fit into the 16 bits of the ELF header: the
 * number of sections (`sh_size`), their string table (`sh_link`), the number of segments (`sh_info`).
 */
export function readFirstSection(data: ElfData, header: ElfHeader): Unnamed | undefined {
  if (header.shoff === 0n) return undefined
  checkEntrySize(data, header)
  const { start } = data.range(header.shoff, BigInt(header.shentsize), 'the first section header')
  return readSection(data, start, 0)
}

/** All section headers, named; none if the file has no section header table. */
export function readSections(data: ElfData, header: ElfHeader): ElfSection[] {
  const first = readFirstSection(data, header)
  if (first === undefined) return []
  const count = header.shnum === 0 ? first.size : BigInt(header.shnum)
  const size = count * BigInt(header.shentsize)
  const { start } = data.range(header.shoff, size, `a table of ${count} section headers`)
  const sections = Array.from({ length: Number(count) }, (_, i) => {
    return readSection(data, start + i * header.shentsize, i)
  })
  const names = readNames(
    data,
    sections,
    header.shstrndx === SHN_XINDEX ? first.link : header.shstrndx,
  )
  return sections.map(({ nameOffset, ...section }) => ({
    ...section,
    name: names?.at(nameOffset) ?? '',
  }))
}

function checkEntrySize(data: ElfData, header: ElfHeader): void {
  const expected = SECTION_HEADER_SIZE[data.bits]
  if (header.shentsize >= expected) return
  throw new FormatError(
    data.source,
    Number(header.shoff),
    `a section header has ${expected} bytes, not ${header.shentsize}`,
  )
}

function readSection(data: ElfData, at: number, index: number): Unnamed {
  const fields = data.fields(at)
  return {
    index,
    nameOffset: fields.u32(),
    type: fields.u32(),
    flags: fields.word(),
    addr: fields.word(),
    offset: fields.word(),
    size: fields.word(),
    link: fields.u32(),
    info: fields.u32(),
    addralign: fields.word(),
    entsize: fields.word(),
  }
}

function readNames(
  data: ElfData,
  sections: readonly Unnamed[],
  index: number,
): ElfStrings | undefined {
  if (index === SHN_UNDEF) return undefined
  const section = sections[index]
  if (section === undefined) {
    throw data.damaged(0, `section ${index}, which holds the names of the sections, exists`)
  }
  return new ElfStrings(data.slice(section.offset, section.size, 'the names of the sections'))
}
