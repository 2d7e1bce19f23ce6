import { readFileSync, rmSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { readElf } from '../../src/elf/elf.js'
import { KsightError } from '../../src/errors.js'
import { assemble, bigEndian, hasBinutils, link, workDirectory } from './fixtures.js'

const directory = workDirectory()
afterAll(() => rmSync(directory, { recursive: true }))

const files = [
  ['a 64-bit object', () => assemble(directory, 64)],
  ['a 32-bit object', () => assemble(directory, 32)],
  ['a linked file', () => link(directory, 64)],
  ['a big-endian object', () => bigEndian(directory, 64)],
] as const

describe.skipIf(!hasBinutils).each(files)('%s (needs binutils)', (_, build) => {
  let original: Uint8Array
  beforeAll(() => {
    original = readFileSync(build())
  })

  test('cut anywhere, is read or refused', () => {
    for (let length = 0; length < original.length; length++) {
      readOrRefuse(original.subarray(0, length))
    }
  })

  test('with bytes changed, is read or refused', () => {
    const change = fc.tuple(fc.nat(original.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Uint8Array.from(original)
        for (const [at, value] of changes) bytes[at] = value
        readOrRefuse(bytes)
      }),
      { numRuns: 3000 },
    )
  })

  // The headers decide most; a change of any of their bytes is tried.
  test('with any byte of its header changed to any value, is read or refused', () => {
    const bytes = Uint8Array.from(original)
    for (let at = 0; at < 64; at++) {
      for (let value = 0; value < 256; value += at < 16 ? 1 : 5) {
        bytes[at] = value
        readOrRefuse(bytes)
      }
      bytes[at] = original[at]!
    }
  })
})

/** Uses everything of a file, each part by itself; only ksight's own errors are allowed. */
function readOrRefuse(bytes: Uint8Array): void {
  const uses = [
    () => readElf(bytes, 'mutation').sections.map(({ name }) => name),
    () => readElf(bytes, 'mutation').segments.length,
    () => [...readElf(bytes, 'mutation').symbols()],
    () => [...readElf(bytes, 'mutation').dynamicSymbols()],
    () => [...readElf(bytes, 'mutation').notes()],
    () => readElf(bytes, 'mutation').sectionBytes('.data'),
  ]
  for (const use of uses) {
    try {
      use()
    } catch (error) {
      if (!(error instanceof KsightError)) throw error
    }
  }
}
