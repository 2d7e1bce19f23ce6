import { NotFoundError, UnsupportedError } from '../errors.js'
import type { ElfData } from './data.js'
import { type ElfHeader, readHeader } from './header.js'
import { type ElfNote, readNotes } from './note.js'
import {
  type ElfSection,
  readSections,
  SHF_COMPRESSED,
  SHT_DYNSYM,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
} from './section.js'
import { type ElfSegment, PT_NOTE, readSegments } from './segment.js'
import { ElfStrings } from './strings.js'
import { type ElfSymbol, readSymbols } from './symbol.js'

/**
 * An ELF file of either class and byte order. Each table is read when first asked for, so the start
 * of a file is enough where only the start is used. Nothing of the file is trusted: what lies
 * outside of it, or contradicts itself, throws {@link FormatError}.
 */
export class Elf {
  private sectionTable: readonly ElfSection[] | undefined
  private segmentTable: readonly ElfSegment[] | undefined

  constructor(
    private readonly data: ElfData,
    readonly header: ElfHeader,
  ) {}

  get source(): string {
    return this.data.source
  }

  /** All sections by index, the empty first one included. */
  get sections(): readonly ElfSection[] {
    this.sectionTable ??= readSections(this.data, this.header)
    return this.sectionTable
  }

  /** All segments, in the order of the program headers. */
  get segments(): readonly ElfSegment[] {
    this.segmentTable ??= readSegments(this.data, this.header)
    return this.segmentTable
  }

  /** The first section of this name. */
  section(name: string): ElfSection | undefined {
    return this.sections.find((section) => section.name === name)
  }

  /**
   * What a section holds, not copied; nothing for SHT_NOBITS, which is not in the file. Throws
   * {@link NotFoundError} for a name that no section has, {@link UnsupportedError} for a compressed
   * section.
   */
  sectionBytes(which: ElfSection | string): Uint8Array {
    const section = typeof which === 'string' ? this.needSection(which) : which
    if (section.type === SHT_NOBITS) return new Uint8Array(0)
    const { start, end } = this.rangeOf(section)
    return this.data.bytes.subarray(start, end)
  }

  private rangeOf(section: ElfSection): { start: number; end: number } {
    if ((section.flags & SHF_COMPRESSED) !== 0n) {
      throw new UnsupportedError(
        `cannot read section ${section.name} of ${this.source}`,
        'it is compressed',
        'unpack it with objcopy --decompress-debug-sections',
      )
    }
    return this.data.range(section.offset, section.size, `section ${section.name}`)
  }

  private needSection(name: string): ElfSection {
    const section = this.section(name)
    if (section !== undefined) return section
    throw new NotFoundError(`no section ${name} in ${this.source}`)
  }

  /** What the file holds of a segment, not copied: `p_filesz` bytes. */
  segmentBytes({ offset, filesz }: ElfSegment): Uint8Array {
    return this.data.slice(offset, filesz, 'a segment')
  }

  /** The notes of all PT_NOTE segments, or of all SHT_NOTE sections of a file without segments. */
  *notes(): Generator<ElfNote> {
    if (this.segments.length > 0) {
      for (const { type, offset, filesz, align } of this.segments) {
        if (type === PT_NOTE) yield* readNotes(this.data, offset, filesz, align)
      }
      return
    }
    for (const { type, offset, size, addralign } of this.sections) {
      if (type === SHT_NOTE) yield* readNotes(this.data, offset, size, addralign)
    }
  }

  /** The symbols of `.symtab`, without its empty first entry; none if there is no such table. */
  symbols(): Generator<ElfSymbol> {
    return this.symbolsOf(SHT_SYMTAB)
  }

  /** The symbols of `.dynsym`, without its empty first entry; none if there is no such table. */
  dynamicSymbols(): Generator<ElfSymbol> {
    return this.symbolsOf(SHT_DYNSYM)
  }

  private *symbolsOf(type: number): Generator<ElfSymbol> {
    const table = this.sections.find((section) => section.type === type)
    if (table === undefined) return
    const strings = this.sections[table.link]
    if (strings === undefined) {
      throw this.data.damaged(0, `section ${table.link}, which holds the names of symbols, exists`)
    }
    const names = new ElfStrings(this.sectionBytes(strings))
    const indices = this.sections.find(
      ({ type, link }) => type === SHT_SYMTAB_SHNDX && link === table.index,
    )
    yield* readSymbols(this.data, this.rangeOf(table), names, indices && this.rangeOf(indices))
  }
}

/** Opens the ELF file that `bytes` hold; `source` is its name in messages. */
export function readElf(bytes: Uint8Array, source: string): Elf {
  const { data, header } = readHeader(bytes, source)
  return new Elf(data, header)
}
