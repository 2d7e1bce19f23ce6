import { describe, expect, test } from 'vitest'
import { InconsistentError } from '../../../src/errors.js'
import { arm64 } from '../../../src/memory/paging/arm64.js'
import { type Census, takeCensus } from '../../../src/memory/paging/census.js'
import { forEachMapping } from '../../../src/memory/paging/mappings.js'
import type { PagingMode } from '../../../src/memory/paging/mode.js'
import { x86_32, x86_64, x86Pae } from '../../../src/memory/paging/x86.js'
import { BytesMemory } from '../../support/bytes_memory.js'
import { Random } from './random.js'

const seed = Number(process.env.KSIGHT_SEED ?? Date.now() % 2 ** 31)
const SIZE = 2 ** 20

const MODES: PagingMode[] = [
  x86_64(4, { protNone: true }),
  x86_64(5),
  x86_32(),
  x86Pae(),
  arm64({ pageShift: 12, addressBits: 48 }),
  arm64({ pageShift: 16, addressBits: 52 }),
]

const endOf = (mode: PagingMode) => 1n << BigInt(mode.canonical.signBit)

function pagesIn({ classes }: Census): number {
  return classes.reduce((sum, { level, count }) => sum + count * 2 ** (level.shift - 12), 0)
}

describe.each(MODES)(`a census of $name (seed ${seed})`, (mode) => {
  const random = new Random(seed)
  // A table or, at the last level, a page; in PAE's PGD the other bits of x86 are reserved.
  const valid = mode.name.startsWith('x86') ? 1 : 3
  const census = (memory: BytesMemory, root: bigint) => {
    return takeCensus(mode, memory, root, 0n, endOf(mode))
  }

  test('ends where every table leads back to itself', () => {
    const bytes = new Uint8Array(SIZE)
    const view = new DataView(bytes.buffer)
    for (let at = 0; at < SIZE; at += mode.entrySize) view.setUint32(at, valid, true)
    const found = census(new BytesMemory(0n, bytes), 0n)
    expect(found.repeated).toBeGreaterThan(0)
    expect(found.tables.map(({ count }) => count)).toEqual(mode.levels.map(() => 1))
  })

  test('ends on random bytes, or says that they make no sense', () => {
    const bytes = new Uint8Array(SIZE)
    const words = new Uint32Array(bytes.buffer)
    for (let i = 0; i < words.length; i++) words[i] = random.below(2 ** 32)
    try {
      census(new BytesMemory(0n, bytes), 0n)
    } catch (error) {
      expect(error).toBeInstanceOf(InconsistentError)
    }
  })

  test('counts the pages that the scan of mappings finds', () => {
    // A chain of tables, and pages with a few kinds of flags in the last.
    const bytes = new Uint8Array(SIZE)
    const view = new DataView(bytes.buffer)
    const last = mode.levels.at(-1)!
    const size = 2 ** last.shift
    for (let i = 0; i < mode.levels.length - 1; i++) {
      view.setUint32(i * size, (i + 1) * size + valid, true)
    }
    const table = (mode.levels.length - 1) * size
    for (let i = 0; i < 200; i++) {
      const flags = random.pick([valid, 0, valid + 64])
      view.setUint32(table + i * mode.entrySize, flags === 0 ? 0 : i * size + flags, true)
    }
    const memory = new BytesMemory(0n, bytes)
    let pages = 0
    for (const { length } of forEachMapping(
      mode,
      memory,
      { user: 0n, kernel: 0n },
      0n,
      endOf(mode),
    )) {
      pages += Number(length >> 12n)
    }
    expect(pages).toBeGreaterThan(0)
    expect(pagesIn(census(memory, 0n))).toBe(pages)
  })
})
