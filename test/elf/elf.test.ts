import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Elf, readElf } from '../../src/elf/elf.js'
import type { ElfSymbol } from '../../src/elf/symbol.js'
import { UnsupportedError } from '../../src/errors.js'
import { canFetchKernels } from '../support/debian_kernel.js'
import {
  assemble,
  ELF_FILES,
  hasBinutils,
  link,
  manySections,
  vmlinux,
  workDirectory,
} from './fixtures.js'
import { headerOf, notesOf, sectionsOf, segmentsOf, symbolsOf } from './readelf.js'

const directory = workDirectory()
afterAll(() => rmSync(directory, { recursive: true }))

const open = (path: string) => readElf(readFileSync(path), path)
const canRun = hasBinutils && canFetchKernels

describe.skipIf(!canRun).each(ELF_FILES)('%s (needs binutils and apt)', (_, source) => {
  let path: string
  let elf: Elf
  beforeAll(async () => {
    path = await source(directory)
    elf = open(path)
  })

  test('has the header that readelf shows', () => {
    const { header } = elf
    const oracle = headerOf(path)
    expect(oracle.get('Class')).toBe(`ELF${header.bits}`)
    expect(oracle.get('Data')).toContain(header.littleEndian ? 'little endian' : 'big endian')
    expect(BigInt(oracle.get('Entry point address')!)).toBe(header.entry)
    expect(oracle.get('Type')?.split(' ')[0]).toBe(TYPES[header.type])
    expect(oracle.get('Machine')).toBe(MACHINES[header.machine])
    expect(Number.parseInt(oracle.get('Number of program headers')!, 10)).toBe(header.phnum)
    expect(Number.parseInt(oracle.get('Number of section headers')!, 10)).toBe(header.shnum)
    expect(Number.parseInt(oracle.get('Section header string table index')!, 10)).toBe(
      header.shstrndx,
    )
  })

  test('has the sections that readelf shows', () => {
    expect(ourSections(elf)).toBe(sectionsOf(path).join('\n'))
  })

  test('has the segments that readelf shows', () => {
    const ours = elf.segments.map((s) => [
      s.offset,
      s.vaddr,
      s.paddr,
      s.filesz,
      s.memsz,
      BigInt(s.flags & 7),
      s.align,
    ])
    expect(ours).toEqual(segmentsOf(path).map(([, ...numbers]) => numbers))
  })

  test('has the symbols that readelf shows', () => {
    expect(ourSymbols(elf, elf.symbols())).toBe(symbolsOf(path, '.symtab').join('\n'))
    const dynamic = symbolsOf(path, '.dynsym').map((row) => row.replace(/@.*/, ''))
    expect(ourSymbols(elf, elf.dynamicSymbols())).toBe(dynamic.join('\n'))
  })

  test('has the notes that readelf shows', () => {
    const notes = [...elf.notes()]
    const oracle = notesOf(path)
    // Some compilers leave notes ("GA") in sections that no segment loads.
    const loaded = oracle.notes.filter((note) => !note.startsWith('GA'))
    expect(notes.map(({ name, desc }) => `${name} ${desc.length}`)).toEqual(loaded)
    const buildId = notes.find(({ name, type }) => name === 'GNU' && type === 3)
    expect(buildId && Buffer.from(buildId.desc).toString('hex')).toBe(oracle.buildId)
  })
})

describe.skipIf(!canRun)('ELF files (needs binutils and apt)', () => {
  test('section bytes are what objcopy extracts', async () => {
    const path = await vmlinux()
    const out = join(directory, 'section.bin')
    execFileSync('objcopy', ['--dump-section', `.BTF=${out}`, path, '/dev/null'])
    expect(readFileSync(out).equals(open(path).sectionBytes('.BTF'))).toBe(true)
  })

  test('reads more sections than 16 bits count', () => {
    const path = manySections(directory)
    const elf = open(path)
    expect(elf.header.shnum).toBe(0)
    expect(ourSections(elf)).toBe(sectionsOf(path).join('\n'))
    expect(ourSymbols(elf, elf.symbols())).toBe(symbolsOf(path, '.symtab').join('\n'))
  })

  test('reads the number of segments from the first section, as core dumps with many have it', () => {
    const bytes = readFileSync(link(directory, 64))
    const path = join(directory, 'pn_xnum')
    const before = readElf(bytes, path)
    bytes.writeUInt32LE(before.segments.length, Number(before.header.shoff) + 44)
    bytes.writeUInt16LE(0xffff, 56)
    writeFileSync(path, bytes)
    expect(segmentsOf(path)).toHaveLength(before.segments.length)
    expect(open(path).segments).toEqual(before.segments)
  })

  test('says that a compressed section must be unpacked first', () => {
    const path = join(directory, 'compressed')
    const plain = assemble(
      directory,
      64,
      '.section .debug_str,"MS",@progbits,1\n.rept 999\n.asciz "a"\n.endr\n',
    )
    execFileSync('objcopy', ['--compress-debug-sections', plain, path])
    expect(() => open(path).sectionBytes('.debug_str')).toThrow(UnsupportedError)
  })

  test('reads the head of a file whose end is missing', async () => {
    const elf = readElf(readFileSync(await vmlinux()).subarray(0, 4096), 'head')
    expect(elf.segments.length).toBeGreaterThan(3)
    expect(() => elf.sections).toThrow(/head is damaged at offset/)
  })

  test('names the missing section', () => {
    expect(() => open('/bin/ls').sectionBytes('.BTF')).toThrow('no section .BTF in /bin/ls')
  })
})

const TYPES = ['NONE', 'REL', 'EXEC', 'DYN', 'CORE']
const MACHINES: Record<number, string> = {
  0: 'None',
  3: 'Intel 80386',
  62: 'Advanced Micro Devices X86-64',
}
const SYMBOL_TYPES = ['NOTYPE', 'OBJECT', 'FUNC', 'SECTION', 'FILE', 'COMMON', 'TLS']
const BINDS = ['LOCAL', 'GLOBAL', 'WEAK']
const VISIBILITIES = ['DEFAULT', 'INTERNAL', 'HIDDEN', 'PROTECTED']
const INDICES = new Map([
  [0, 'UND'],
  [-15, 'ABS'],
  [-14, 'COM'],
])

function ourSections(elf: Elf): string {
  const rows = elf.sections.map((s) =>
    [s.index, s.name, s.addr, s.offset, s.size, s.entsize, s.link, s.info, s.addralign].join(' '),
  )
  return rows.join('\n')
}

function ourSymbols(elf: Elf, symbols: Iterable<ElfSymbol>): string {
  return [...symbols].map((symbol) => asRow(symbol, elf)).join('\n')
}

/** As symbolsOf of the oracle; readelf names a section's symbol by its section. */
function asRow(symbol: ElfSymbol, elf: Elf): string {
  const name = symbol.type === 3 ? elf.sections[symbol.shndx]?.name : symbol.name
  return [
    symbol.value,
    symbol.size,
    SYMBOL_TYPES[symbol.type] ?? (symbol.type === 10 ? 'IFUNC' : symbol.type),
    BINDS[symbol.bind] ?? (symbol.bind === 10 ? 'UNIQUE' : symbol.bind),
    VISIBILITIES[symbol.visibility],
    INDICES.get(symbol.shndx) ?? symbol.shndx,
    name,
  ].join(' ')
}
