import { describe, expect, test } from 'vitest'
import { FaultError } from '../../../src/errors.js'
import type { Memory } from '../../../src/memory/memory.js'
import { arm64 } from '../../../src/memory/paging/arm64.js'
import { forEachMapping, type Skipped } from '../../../src/memory/paging/mappings.js'
import type { PagingMode } from '../../../src/memory/paging/mode.js'
import { PagedMemory } from '../../../src/memory/paging/paged_memory.js'
import type { Root } from '../../../src/memory/paging/root.js'
import { walk } from '../../../src/memory/paging/walk.js'
import { x86_32, x86_64, x86Pae } from '../../../src/memory/paging/x86.js'
import { BytesMemory } from '../../support/bytes_memory.js'
import { Random } from './random.js'

const seed = Number(process.env.KSIGHT_SEED ?? Date.now() % 2 ** 31)

const SIZE = 2 ** 20

const MODES: PagingMode[] = [
  x86_64(4),
  x86_64(5),
  x86_64(5, { encrypted: 1n << 51n }),
  x86_32(),
  x86Pae(),
  ...([12, 14, 16] as const).flatMap((pageShift) => [
    arm64({ pageShift, addressBits: 48 }),
    arm64({ pageShift, addressBits: 52 }),
  ]),
]

describe.each(MODES)(`page tables of $name that make no sense (seed ${seed})`, (mode) => {
  const random = new Random(seed)
  const both = (root: bigint): Root => ({ user: root, kernel: root })

  /** Uses all that there is; whatever is thrown but a fault of a read fails the test. */
  function use(memory: Memory, root: Root, most: number): void {
    const paged = new PagedMemory(memory, mode, root)
    for (let i = 0; i < 200; i++) {
      const at = random.chance(50)
        ? random.bits(64)
        : BigInt.asUintN(64, BigInt.asIntN(33, random.bits(64)))
      const { end, steps } = walk(mode, memory, root, at)
      expect(steps.length).toBeLessThanOrEqual(mode.levels.length)
      const found = end.kind === 'page' ? end.physical : undefined
      expect(paged.translate(at)).toBe(found)
      const length = random.below(20_000)
      try {
        paged.read(at, new Uint8Array(length))
      } catch (error) {
        expect(error).toBeInstanceOf(FaultError)
        const { address } = error as FaultError
        expect(address >= at && address < at + BigInt(length)).toBe(true)
      }
      const [one, two] = paged.gather([
        { address: at, length: 8 },
        { address: at, length },
      ])
      if (one instanceof Uint8Array) expect(one.length).toBe(8)
      if (two instanceof Uint8Array) expect(two.length).toBe(length)
    }
    let count = 0
    for (const _ of forEachMapping(mode, memory, root)) if (++count === most) break
  }

  test('random bytes', () => {
    const bytes = new Uint8Array(SIZE)
    for (let round = 0; round < 5; round++) {
      const words = new Uint32Array(bytes.buffer)
      for (let i = 0; i < words.length; i++) words[i] = random.below(2 ** 32)
      use(new BytesMemory(0n, bytes), both(BigInt(random.below(SIZE / 4096) * 4096)), 100_000)
    }
  })

  test('random bytes that keep pointing into themselves', () => {
    const bytes = new Uint8Array(SIZE)
    const view = new DataView(bytes.buffer)
    for (let at = 0; at < SIZE; at += mode.entrySize) {
      const low = (random.below(SIZE) & ~0xfff) | 0x27 | (random.chance(10) ? 0x80 : 0)
      view.setUint32(at, low, true)
    }
    use(new BytesMemory(0n, bytes), both(0n), 100_000)
  })

  test('a table that is its own table at every level', () => {
    const bytes = new Uint8Array(SIZE)
    const view = new DataView(bytes.buffer)
    // Valid; and for arm64 a table. Elsewhere bit 1 allows writing, or is reserved.
    const valid = mode.canonical.halves === 'two roots' ? 3 : 1
    for (let at = 0; at < 2 ** 16; at += mode.entrySize) view.setUint32(at, valid, true)
    const memory = new BytesMemory(0n, bytes)
    use(memory, both(0n), 100_000)
    const skipped: Skipped[] = []
    const start = performance.now()
    let count = 0
    for (const _ of forEachMapping(mode, memory, both(0n), 0n, 2n ** 64n, (left) => {
      if (skipped.length < 10) skipped.push(left)
    })) {
      count++
    }
    expect(performance.now() - start).toBeLessThan(20_000)
    expect(count).toBeGreaterThan(0)
    // What 32 bits can map is few enough to be shown nearly as a whole.
    if (mode.canonical.halves !== 'flat') expect(skipped.length).toBeGreaterThan(0)
  })

  test.each([2n ** 40n, 2n ** 51n, 2n ** 60n, 2n ** 64n - 8n, -4096n, BigInt(SIZE) - 8n])(
    'a root at %i, beyond memory',
    (root) => {
      const memory = new BytesMemory(0n, new Uint8Array(SIZE).fill(0xff))
      use(memory, both(root), 100)
      const skipped: Skipped[] = []
      const found = [
        ...forEachMapping(mode, memory, both(root), 0n, 2n ** 64n, (left) => skipped.push(left)),
      ]
      expect(found).toEqual([])
      expect(skipped.length).toBeGreaterThan(0)
    },
  )
})
