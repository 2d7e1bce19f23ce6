import { RangeIndex } from '../bytes/range_index.js'
import type { Elf } from '../elf/elf.js'
import type { ElfSymbol } from '../elf/symbol.js'

/** A function of an ELF file. */
export interface FunctionSymbol {
  readonly name: string
  /** As the file has it. */
  readonly address: bigint
  /** 0 if the file does not say it, as for labels in assembly. */
  readonly size: bigint
}

const STT_NOTYPE = 0
const STT_OBJECT = 1
const STT_FUNC = 2
const STT_GNU_IFUNC = 10
const STB_LOCAL = 0
const STB_GLOBAL = 1
const STB_GNU_UNIQUE = 10
const SHN_UNDEF = 0
const SHF_EXECINSTR = 4n

/** Mapping symbols of Arm (`$x`, `$d`), which name no function. */
const MAPPING_SYMBOL = /^\$[adtx](\.|$)/

interface Candidate {
  readonly symbol: ElfSymbol
  readonly start: number
  end: number
}

/**
 * The functions of a file by address. A function ends where its size says; a label without a size,
 * where the next symbol starts. Of aliases the shorter, then the global before the weak before the
 * local one is taken, then the first, as eu-addr2line does.
 */
export class ElfSymbols {
  private readonly candidates: readonly Candidate[]
  private readonly index: RangeIndex

  /** `files` are the file itself and what else has its symbols: a separate debug file, its `.gnu_debugdata`. */
  constructor(files: readonly Elf[]) {
    const found = files.flatMap(functionsOf)
    const sized = found.filter(({ symbol }) => symbol.size > 0n)
    const labels = withoutSize(found, sized)
    // Where ranges overlap the last one counts.
    this.candidates = [...labels, ...sized.reverse().sort(compareRank)]
    this.index = new RangeIndex(this.candidates)
  }

  /** The function that an address of the file belongs to. */
  at(address: bigint): FunctionSymbol | undefined {
    const position = this.index.find(address)
    if (position === undefined) return undefined
    const { name, value, size } = this.candidates[position]!.symbol
    // The linker adds the version of a symbol: `name@@GLIBC_2.34`.
    return { name: name.replace(/@.*$/, ''), address: value, size }
  }
}

/** Functions, and labels and tables in code; those of `.symtab` first. */
function functionsOf(elf: Elf): Candidate[] {
  const found: Candidate[] = []
  for (const symbols of [elf.symbols(), elf.dynamicSymbols()]) {
    for (const symbol of symbols) {
      if (!isFunction(symbol)) continue
      const section = elf.sections[symbol.shndx]
      if (symbol.type < STT_FUNC && !isCode(section)) continue
      const start = Number(symbol.value)
      const sectionEnd = section === undefined ? start : Number(section.addr + section.size)
      const end = symbol.size > 0n ? Number(symbol.value + symbol.size) : sectionEnd
      if (Number.isSafeInteger(end)) found.push({ symbol, start, end })
    }
  }
  return found
}

function isFunction({ type, shndx, name }: ElfSymbol): boolean {
  if (shndx === SHN_UNDEF || name === '') return false
  if (type === STT_NOTYPE) return !MAPPING_SYMBOL.test(name)
  return type === STT_OBJECT || type === STT_FUNC || type === STT_GNU_IFUNC
}

function isCode(section: { readonly flags: bigint } | undefined): boolean {
  return section !== undefined && (section.flags & SHF_EXECINSTR) !== 0n
}

/** Labels that are not within a sized function; each ends where the next one starts. */
function withoutSize(found: readonly Candidate[], sized: readonly Candidate[]): Candidate[] {
  const covered = new RangeIndex(sized)
  const starts = Float64Array.from(sized, ({ start }) => start).sort()
  const labels = found.filter(({ symbol, start }) => {
    return symbol.size === 0n && covered.find(BigInt(start)) === undefined
  })
  for (const label of labels) label.end = Math.min(label.end, firstAbove(starts, label.start))
  return labels.reverse().sort(compareRank)
}

function firstAbove(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! <= value) low = middle + 1
    else high = middle
  }
  return sorted[low] ?? Number.POSITIVE_INFINITY
}

/** What is to be taken comes last. */
function compareRank(a: Candidate, b: Candidate): number {
  return a.start - b.start || b.end - a.end || strength(a.symbol) - strength(b.symbol)
}

function strength({ bind }: ElfSymbol): number {
  if (bind === STB_LOCAL) return 0
  return bind === STB_GLOBAL || bind === STB_GNU_UNIQUE ? 2 : 1
}
