import { readElf } from '../elf/elf.js'
import { KsightError, NotFoundError } from '../errors.js'
import { findKallsyms } from '../kernel/find_kallsyms.js'
import type { Vmcoreinfo } from '../kernel/vmcoreinfo.js'
import type { Memory } from '../memory/memory.js'
import type { AddressRange } from '../symbols/areas.js'
import { ElfTable } from '../symbols/elf_table.js'
import { parseKallsyms } from '../symbols/kallsyms_text.js'
import { MovedTable } from '../symbols/moved_table.js'
import { NameLookup } from '../symbols/name_lookup.js'
import type { SymbolTable } from '../symbols/table.js'

/** A file's bytes and its name in messages. */
export interface HelpFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Files that take the place of what an image has not got. */
export interface ImageHelp {
  /** The kernel as an ELF file, with its symbols and types. */
  readonly vmlinux?: HelpFile
  /** System.map, as the kernel's build writes it. */
  readonly systemMap?: HelpFile
  /** The kernel's BTF, raw or in an ELF file. */
  readonly btf?: HelpFile
}

/** The symbols of the kernel in an image, without those of its modules. */
export class ImageSymbols {
  private found: SymbolTable | KsightError | undefined
  private lookup: NameLookup | undefined

  constructor(
    private readonly memory: Memory,
    private readonly vmcoreinfo: Vmcoreinfo,
    /** Where the kernel's image is. */
    private readonly range: AddressRange,
    private readonly help: ImageHelp,
  ) {}

  /** Throws {@link NotFoundError} if the image has none, and nobody gave any. */
  get table(): SymbolTable {
    this.found ??= this.findOrError()
    if (this.found instanceof KsightError) throw this.found
    return this.found
  }

  /** Memory is searched once, whether there is something to be found or not. */
  private findOrError(): SymbolTable | KsightError {
    try {
      return this.find()
    } catch (error) {
      if (error instanceof KsightError) return error
      throw error
    }
  }

  /** Undefined also where the image has no symbols at all. */
  addressIfKnown(name: string): bigint | undefined {
    try {
      return this.addressOf(name)
    } catch (error) {
      if (error instanceof NotFoundError) return undefined
      throw error
    }
  }

  private addressOf(name: string): bigint | undefined {
    this.lookup ??= new NameLookup(this.table)
    for (const position of this.lookup.positionsOf(name)) return this.table.addresses[position]
    return undefined
  }

  private find(): SymbolTable {
    const { systemMap, vmlinux } = this.help
    if (systemMap !== undefined) return this.moved(parseKallsyms(systemMap.bytes, systemMap.name))
    if (vmlinux !== undefined) {
      return this.moved(new ElfTable(readElf(vmlinux.bytes, vmlinux.name)))
    }
    const { vmcoreinfo, range } = this
    try {
      return findKallsyms(this.memory, { vmcoreinfo, range }).value
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error
      const help = 'give them with --system-map FILE or --vmlinux FILE'
      throw new NotFoundError('no symbols in the image', [], `${error.message}: ${help}`)
    }
  }

  /** Files have the addresses that the kernel was linked for. */
  private moved(table: SymbolTable): SymbolTable {
    return new MovedTable(table, this.vmcoreinfo.kernelOffset ?? 0n)
  }
}
