import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PermissionError } from '../../src/errors.js'
import { parseKallsyms } from '../../src/symbols/kallsyms_text.js'
import { type KernelSymbol, Symbols } from '../../src/symbols/symbols.js'
import { isRoot } from '../support/tools.js'

const text = readFileSync('/proc/kallsyms')

/** The lines that a shell command, most often awk's, makes of the symbols. */
function shell(script: string, input: string | Buffer = text): string[] {
  const output = execFileSync('sh', ['-c', script], { input, maxBuffer: 2 ** 30, encoding: 'utf8' })
  return output.trimEnd().split('\n')
}

const hex16 = (address: bigint) => address.toString(16).padStart(16, '0')

function asLine({ address, type, name, module }: KernelSymbol): string {
  return `${hex16(address)} ${type} ${name}${module === undefined ? '' : ` [${module}]`}`
}

test('the text that others than root get says why the addresses are hidden', () => {
  const hidden = shell(`sed 's/^[0-9a-f]*/0000000000000000/'`).join('\n')
  expect(() => parseKallsyms(hidden)).toThrow(PermissionError)
  expect(() => parseKallsyms(hidden)).toThrow(/kernel\.kptr_restrict.*CAP_SYSLOG/)
})

test.runIf(isRoot)('has every symbol that awk sees (root)', () => {
  const symbols = new Symbols(parseKallsyms(text))
  const lines = Array.from(symbols.symbols(), asLine)
  expect(lines.join('\n')).toBe(shell(`awk '{ $1 = $1; print }'`).join('\n'))
  expect(symbols.count).toBe(lines.length)
})

test.runIf(isRoot)('finds the first and all symbols of every name (root)', () => {
  const symbols = new Symbols(parseKallsyms(text))
  const byName = shell(`awk '{ all[$3] = all[$3] " " $1 } END { for (n in all) print n all[n] }'`)
  const ours = byName.map((line) => {
    const name = line.slice(0, line.indexOf(' '))
    const addresses = Array.from(symbols.findAll(name), ({ address }) => hex16(address))
    return [name, ...addresses].join(' ')
  })
  expect(ours.join('\n')).toBe(byName.join('\n'))
  const [name, first] = byName.find((line) => line.split(' ').length > 3)!.split(' ')
  expect(symbols.find(name!)?.address).toBe(BigInt(`0x${first}`))
})

test.runIf(isRoot)('finds the symbol that an address belongs to (root)', () => {
  const symbols = new Symbols(parseKallsyms(text))
  const asked = [...randomAddresses(symbols), ...Array.from(symbols.symbols(), (s) => s.address)]
  const answers = new Map(
    asked.map((address) => [hex16(address), symbols.nearest(address)?.symbol]),
  )

  // Questions are lines of the address alone; a stable sort puts them behind the symbols there.
  const questions = Array.from(answers.keys(), (address) => `${address}\n`).join('')
  const expected = shell(
    `sort -s -k1,1 |
     awk 'NF > 1 && $1 "" != at { at = $1 ""; name = $3 } NF == 1 { print $1, name }'`,
    `${text}${questions}`,
  )
  const ours = expected
    .map((line) => line.split(' ')[0]!)
    .map((address) => `${address} ${answers.get(address)?.name}`)
  expect(ours.join('\n')).toBe(expected.join('\n'))
})

test.runIf(isRoot)('finds no symbol outside of the kernel (root)', () => {
  const symbols = new Symbols(parseKallsyms(text))
  const lowest = symbols.get('_stext').address
  const highest = [...symbols.symbols()].reduce(
    (max, { address }) => (address > max ? address : max),
    0n,
  )
  for (const address of [0n, 0x1000n, lowest - 1n, highest + 0x4000_0000n, 2n ** 64n - 1n]) {
    expect(symbols.nearest(address)).toBeUndefined()
  }
})

test.runIf(isRoot)('does not depend on the order of the lines (root)', () => {
  const symbols = new Symbols(parseKallsyms(text))
  const shuffled = new Symbols(parseKallsyms(shell('shuf').join('\n')))
  for (const address of randomAddresses(symbols)) {
    const expected = symbols.nearest(address)
    const aliases = new Set(Array.from(shuffled.findAll(expected!.symbol.name), (s) => s.address))
    const found = shuffled.nearest(address)
    expect(found?.offset).toBe(expected?.offset)
    expect(aliases).toContain(found?.symbol.address)
  }
})

test.runIf(isRoot)('names the nearest symbols (root)', () => {
  const symbols = new Symbols(parseKallsyms(text))
  expect(() => symbols.get('vfs_raed')).toThrow(/no symbol vfs_raed: .*did you mean vfs_read/)
})

/** Addresses between the symbols that mark the ends of the kernel's functions. */
function randomAddresses(symbols: Symbols, count = 10_000): bigint[] {
  return [
    ['_stext', '_etext'],
    ['_sinittext', '_einittext'],
  ].flatMap(([startName, endName]) => {
    const start = symbols.get(startName!).address
    const length = Number(symbols.get(endName!).address - start)
    return Array.from({ length: count }, () => start + BigInt(Math.floor(Math.random() * length)))
  })
}
