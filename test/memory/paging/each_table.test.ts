import { describe, expect, test } from 'vitest'
import { forEachTable } from '../../../src/memory/paging/each_table.js'
import { forEachMapping, type Skipped } from '../../../src/memory/paging/mappings.js'
import { x86_64 } from '../../../src/memory/paging/x86.js'
import { BytesMemory } from '../../support/bytes_memory.js'
import { Random } from './random.js'

const seed = Number(process.env.KSIGHT_SEED ?? Date.now() % 2 ** 31)
const PRESENT = 0x67
/** Pages in the lower half with 4 levels. */
const END = 2 ** 35

function look(bytes: Uint8Array, root: bigint) {
  const skipped: Skipped[] = []
  const memory = new BytesMemory(0n, bytes)
  const levels = new Map<string, number>()
  for (const { level } of forEachTable(x86_64(4), memory, root, 0, END, (s) => skipped.push(s))) {
    levels.set(level.name, (levels.get(level.name) ?? 0) + 1)
  }
  return { skipped, levels }
}

describe(`page tables that make no sense (seed ${seed})`, () => {
  test('a table of which each entry leads back to it comes to an end, and it says so', () => {
    const bytes = new Uint8Array(4096)
    new BigUint64Array(bytes.buffer).fill(BigInt(PRESENT))
    const { skipped, levels } = look(bytes, 0n)
    expect(skipped.length).toBe(1)
    expect(skipped[0]!.why).toContain('over and over')
    expect([...levels.values()].reduce((sum, count) => sum + count, 0)).toBe(2 ** 16)
  })

  test('random bytes', () => {
    const random = new Random(seed)
    const words = new Uint32Array(2 ** 16)
    for (let i = 0; i < words.length; i++) words[i] = random.below(2 ** 32)
    const { skipped } = look(new Uint8Array(words.buffer), 0n)
    expect(skipped.length).toBeLessThanOrEqual(2 ** 16)
  })
})

test('tables of sparse mappings are those that lead to what is mapped', () => {
  const bytes = new Uint8Array(16 * 4096)
  const view = new DataView(bytes.buffer)
  let tables = 0
  const put = (table: number, index: number, target: number) => {
    view.setBigUint64(table * 4096 + index * 8, BigInt(target * 4096 + PRESENT), true)
  }
  const chain = (root: number, indices: readonly number[], page: number) => {
    let table = root
    for (const index of indices.slice(0, -1)) {
      put(table, index, ++tables)
      table = tables
    }
    put(table, indices.at(-1)!, page)
  }
  chain(0, [0, 1, 2, 3], 14)
  chain(0, [255, 511, 511, 511], 15)
  // In the upper half.
  chain(0, [256, 0, 0, 0], 13)
  const { skipped, levels } = look(bytes, 0n)
  expect(skipped).toEqual([])
  expect(Object.fromEntries(levels)).toEqual({ PGD: 1, PUD: 2, PMD: 2, PTE: 2 })
  const memory = new BytesMemory(0n, bytes)
  expect([...forEachMapping(x86_64(4), memory, 0n, 0n, 1n << 47n)].length).toBe(2)
})
