import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readElf } from '../../src/elf/elf.js'
import { ElfTable } from '../../src/symbols/elf_table.js'
import { parseKallsyms } from '../../src/symbols/kallsyms_text.js'
import { Symbols } from '../../src/symbols/symbols.js'
import { hasTools } from '../support/tools.js'

test.skipIf(!hasTools('nm'))(
  'reads the output of nm (binutils), which is how System.map is made',
  () => {
    const args = ['-p', '--defined-only', '--no-demangle', process.execPath]
    const nm = execFileSync('nm', args, { encoding: 'utf8', maxBuffer: 2 ** 30 })
    const symbols = new Symbols(parseKallsyms(nm, 'nm'))
    const found = Array.from(
      symbols.symbols(),
      ({ address, name }) =>
        // Of the symbols of libraries nm shows the version too.
        `${address} ${name.replace(/@.*/, '')}`,
    )

    const STT_SECTION = 3
    const STT_FILE = 4
    const elf = readElf(readFileSync(process.execPath), process.execPath)
    const defined = Array.from(elf.symbols()).filter(
      ({ type, shndx }) => shndx !== 0 && type !== STT_SECTION && type !== STT_FILE,
    )
    expect(found.length).toBeGreaterThan(10_000)
    expect(found.join('\n')).toBe(
      defined.map(({ value, name }) => `${value} ${name.replace(/@.*/, '')}`).join('\n'),
    )
  },
)

test.skipIf(!hasTools('nm'))('an ELF file is a table of the symbols that nm lists', () => {
  const args = ['-p', '--defined-only', '--no-demangle', process.execPath]
  const nm = execFileSync('nm', args, { encoding: 'utf8', maxBuffer: 2 ** 30 })
  const table = new ElfTable(readElf(readFileSync(process.execPath), process.execPath))
  const found = Array.from(table.addresses, (address, i) => {
    return `${address.toString(16).padStart(16, '0')} ${table.typeAt(i)} ${table.nameAt(i)}`
  })
  // Of the symbols of libraries nm shows the version too.
  const lines = nm
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/@.*/, ''))
  expect(found.length).toBeGreaterThan(10_000)
  expect(found.map((line) => line.replace(/@.*/, '')).join('\n')).toBe(lines.join('\n'))
})
