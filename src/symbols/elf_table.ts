import { hashName } from '../bytes/name_index.js'
import type { Elf } from '../elf/elf.js'
import type { ElfSection } from '../elf/section.js'
import type { ElfSymbol } from '../elf/symbol.js'
import { NotFoundError } from '../errors.js'
import type { SymbolTable } from './table.js'

const STT_OBJECT = 1
const STT_SECTION = 3
const STT_FILE = 4
const STT_GNU_IFUNC = 10
const STB_LOCAL = 0
const STB_WEAK = 2
const STB_GNU_UNIQUE = 10
const SHN_UNDEF = 0
const SHN_ABS = -15
const SHF_WRITE = 1n
const SHF_EXECINSTR = 4n
const SHT_NOBITS = 8

/** The symbols of an ELF file such as vmlinux that are of use at run time. */
export class ElfTable implements SymbolTable {
  readonly source: string
  readonly addresses: BigUint64Array
  private readonly symbols: readonly ElfSymbol[]

  /** Throws {@link NotFoundError} if it was stripped. */
  constructor(private readonly elf: Elf) {
    this.source = elf.source
    this.symbols = [...elf.symbols()].filter(({ name, type, shndx }) => {
      return name !== '' && type !== STT_SECTION && type !== STT_FILE && shndx !== SHN_UNDEF
    })
    if (this.symbols.length === 0) {
      throw new NotFoundError(`no symbols in ${elf.source}`, [], 'it was stripped of them')
    }
    this.addresses = BigUint64Array.from(this.symbols, ({ value }) => value)
  }

  nameAt(position: number): string {
    return this.symbols[position]!.name
  }

  nameHashAt(position: number): number {
    return hashName(this.nameAt(position))
  }

  /** As nm prints it. */
  typeAt(position: number): string {
    const { bind, type, shndx } = this.symbols[position]!
    if (type === STT_GNU_IFUNC) return 'i'
    if (bind === STB_GNU_UNIQUE) return 'u'
    if (bind === STB_WEAK) return type === STT_OBJECT ? 'V' : 'W'
    const letter = shndx === SHN_ABS ? 'a' : letterOf(this.elf.sections[shndx])
    return bind === STB_LOCAL ? letter : letter.toUpperCase()
  }

  moduleAt(): undefined {
    return undefined
  }
}

function letterOf(section: ElfSection | undefined): string {
  if (section === undefined) return 'n'
  if ((section.flags & SHF_EXECINSTR) !== 0n) return 't'
  if (section.type === SHT_NOBITS) return 'b'
  return (section.flags & SHF_WRITE) !== 0n ? 'd' : 'r'
}
