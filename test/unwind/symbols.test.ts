import { execFileSync } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readElf } from '../../src/elf/elf.js'
import { ElfSymbols } from '../../src/unwind/elf_symbols.js'
import { hasTools } from '../support/tools.js'
import { sharedLibraries } from './system_files.js'

const files = [
  ...new Set([process.execPath, ...sharedLibraries()].map((path) => realpathSync(path))),
]

/** At how many addresses of a file the names are compared. */
const PLACES = 4000

describe.skipIf(!hasTools('eu-addr2line'))('functions by address (needs elfutils)', () => {
  test.each(files)('%s: those that eu-addr2line names', { timeout: 300_000 }, (path) => {
    const elf = readElf(readFileSync(path), path)
    const symbols = new ElfSymbols([elf])
    const places = addresses(elf, PLACES)
    const oracle = euAddr2line(path, places)
    const wrong = places.flatMap((address, i) => {
      const found = symbols.at(address)
      const ours = found === undefined ? '??' : `${found.name}+${address - found.address}`
      return ours === oracle[i] ? [] : [`${address.toString(16)}: ${ours}, but ${oracle[i]}`]
    })
    expect(wrong.slice(0, 20)).toEqual([])
  })
})

/** Addresses all over the executable sections, evenly spread. */
function addresses(elf: ReturnType<typeof readElf>, count: number): bigint[] {
  const code = elf.sections.filter(({ flags, size }) => (flags & 4n) !== 0n && size > 0n)
  const total = code.reduce((sum, { size }) => sum + size, 0n)
  return code.flatMap(({ addr, size }) => {
    const step = total / BigInt(count) + 1n
    return Array.from({ length: Number(size / step) }, (_, i) => addr + BigInt(i) * step)
  })
}

/** Name and offset, or `??`. */
function euAddr2line(path: string, places: readonly bigint[]): string[] {
  const input = places.map((address) => `0x${address.toString(16)}\n`).join('')
  const args = ['-S', '--debuginfo-path=/nowhere', '-e', path]
  const lines = execFileSync('eu-addr2line', args, { input, encoding: 'utf8' }).split('\n')
  // Two lines for each: the symbol, and the place in the source.
  return places.map((_, i) => {
    const text = lines[2 * i]!.replace(/ \(.*/, '')
    const match = /^(.*?)(@@?[A-Za-z_0-9.]*)?(?:\+0x([0-9a-f]+))?$/.exec(text)!
    if (match[1] === '()' || match[1] === '??') return '??'
    return `${match[1]}+${Number.parseInt(match[3] ?? '0', 16)}`
  })
}
