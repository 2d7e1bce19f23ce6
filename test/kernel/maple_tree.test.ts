import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Btf } from '../../src/btf/btf.js'
import { FaultError, InconsistentError } from '../../src/errors.js'
import { Kernel } from '../../src/kernel/kernel.js'
import { type MapleRange, ULONG_MAX } from '../../src/kernel/maple_node.js'
import { masForEach, mtreeLoad } from '../../src/kernel/maple_tree.js'
import { BytesMemory } from '../support/bytes_memory.js'

const BTF_FILE = '/sys/kernel/btf/vmlinux'
const btf = new Btf(readFileSync(BTF_FILE), { source: BTF_FILE })

const START = 0xffff_8880_0000_0000n
const NODE = 256
const at = (struct: string, member: string) =>
  btf.findMember(btf.get(struct, 'struct', 'union'), member)!.bitOffset / 8

/** The number of a type in this kernel's own `enum maple_type`. */
function typeNumber(name: string): bigint {
  const [type] = [...btf.findAll('maple_type', 'enum')]
  return BigInt(type!.values.find((value) => value.name === name)!.value)
}

interface Node {
  readonly struct: 'maple_range_64' | 'maple_arange_64'
  readonly type: bigint
  /** The last index of each slot, and what is in it. */
  readonly slots: readonly (readonly [last: bigint, entry: bigint])[]
  readonly parent: bigint
  readonly max: bigint
}

/** The bytes of a node, written as include/linux/maple_tree.h describes it. */
function nodeBytes({ struct, slots, parent, max }: Node): Uint8Array {
  const view = new DataView(new ArrayBuffer(NODE))
  view.setBigUint64(at(struct, 'parent'), parent, true)
  slots.forEach(([last, entry], i) => {
    view.setBigUint64(at(struct, 'slot') + i * 8, entry, true)
    // The last slot needs no pivot.
    if (last !== max) view.setBigUint64(at(struct, 'pivot') + i * 8, last, true)
  })
  if (struct === 'maple_arange_64' || slots.length < 16) {
    view.setUint8(at(struct, 'meta'), slots.length - 1)
  }
  return new Uint8Array(view.buffer)
}

/** A tree at START whose leaves hold these slots, which go up to ULONG_MAX. */
function buildTree(slots: readonly (readonly [bigint, bigint])[], perLeaf: number): Uint8Array {
  const leaves: (readonly [bigint, bigint])[][] = []
  for (let i = 0; i < slots.length; i += perLeaf) leaves.push(slots.slice(i, i + perLeaf))
  const parts: Uint8Array[] = [new Uint8Array(NODE)]
  const addressOf = (part: number) => START + BigInt(part * NODE)
  const root = addressOf(1)
  const encoded = (part: number, type: string) => addressOf(part) | (typeNumber(type) << 3n) | 4n
  if (leaves.length === 1) {
    const type = typeNumber('maple_leaf_64')
    const node = { type, slots: leaves[0]!, parent: START | 1n, max: ULONG_MAX }
    parts.push(nodeBytes({ struct: 'maple_range_64', ...node }))
  } else {
    const children = leaves.map((leaf, i) => {
      return [leaf.at(-1)![0], encoded(i + 2, 'maple_leaf_64')] as const
    })
    const type = typeNumber('maple_arange_64')
    const node = { type, slots: children, parent: START | 1n, max: ULONG_MAX }
    parts.push(nodeBytes({ struct: 'maple_arange_64', ...node }))
    leaves.forEach((leaf, i) => {
      const parent = root | BigInt(i << 3) | 6n
      const max = leaf.at(-1)![0]
      const type = typeNumber('maple_leaf_64')
      parts.push(nodeBytes({ struct: 'maple_range_64', type, slots: leaf, parent, max }))
    })
  }
  const rootType = leaves.length === 1 ? 'maple_leaf_64' : 'maple_arange_64'
  const bytes = new Uint8Array(parts.length * NODE)
  parts.forEach((part, i) => {
    bytes.set(part, i * NODE)
  })
  // The root has bit 1 set, its children bit 2.
  const named = (encoded(1, rootType) & ~4n) | 2n
  new DataView(bytes.buffer).setBigUint64(at('maple_tree', 'ma_root'), named, true)
  return bytes
}

function kernelOver(bytes: Uint8Array): Kernel {
  return new Kernel({
    source: 'made memory',
    types: btf,
    memory: new BytesMemory(START, bytes),
    symbols: () => {
      throw new FaultError(0n, 'there are no symbols')
    },
    hints: { release: '6.18.0', possibleCpus: () => [0] },
  })
}

/** Slots with ascending ends, the last of which is ULONG_MAX; entries may be 0, for nothing. */
const slots = fc
  .uniqueArray(fc.bigInt({ min: 1n, max: ULONG_MAX - 1n }), { minLength: 0, maxLength: 90 })
  .chain((ends) => {
    const sorted = [...ends].sort((a, b) => (a < b ? -1 : 1))
    const entry = fc.oneof(fc.constant(0n), fc.integer({ min: 1, max: 1 << 28 }).map(pointer))
    return fc
      .array(entry, { minLength: ends.length + 1, maxLength: ends.length + 1 })
      .map((entries) => [...sorted, ULONG_MAX].map((end, i) => [end, entries[i]!] as const))
  })

const pointer = (number: number) => BigInt(number) * 8n

function present(slots: readonly (readonly [bigint, bigint])[]): MapleRange[] {
  const ranges = slots.map(([last, entry], i) => {
    return { first: i === 0 ? 0n : slots[i - 1]![0] + 1n, last, entry }
  })
  return ranges.filter(({ entry }) => entry !== 0n)
}

describe('a maple tree', () => {
  test('is walked in order, and gives the entry of any index', () => {
    fc.assert(
      fc.property(slots, fc.integer({ min: 10, max: 16 }), (slots, perLeaf) => {
        const kernel = kernelOver(buildTree(slots, perLeaf))
        const ranges = present(slots)
        expect([...masForEach(kernel, START)]).toEqual(ranges)
        for (const [last, entry] of slots) expect(mtreeLoad(kernel, START, last)).toBe(entry)
        const [first, end] = [slots.at(slots.length >> 2)![0], slots.at(slots.length >> 1)![0]]
        expect([...masForEach(kernel, START, first, end)]).toEqual(
          ranges.filter((range) => range.last >= first && range.first <= end),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('of one entry has no nodes', () => {
    const bytes = new Uint8Array(NODE)
    const kernel = kernelOver(bytes)
    expect([...masForEach(kernel, START)]).toEqual([])
    new DataView(bytes.buffer).setBigUint64(at('maple_tree', 'ma_root'), 0x1000n, true)
    expect([...masForEach(kernel, START)]).toEqual([{ first: 0n, last: 0n, entry: 0x1000n }])
    expect(mtreeLoad(kernel, START, 0n)).toBe(0x1000n)
    expect(mtreeLoad(kernel, START, 1n)).toBe(0n)
  })

  test('that is damaged is walked to an end, in order, or said to be torn', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(slots, damage, (slots, damage) => {
        const bytes = buildTree(slots, 12)
        for (const [place, byte] of damage) bytes[place % bytes.length] = byte
        try {
          let end = -1n
          for (const { first, last } of masForEach(kernelOver(bytes), START)) {
            expect(first).toBeGreaterThan(end)
            expect(last).toBeGreaterThanOrEqual(first)
            end = last
          }
        } catch (error) {
          const isOurs = error instanceof InconsistentError || error instanceof FaultError
          if (!isOurs) throw error
        }
      }),
      { numRuns: 500 },
    )
  })

  test('in which a node leads back to itself, or has left, is torn', () => {
    const ends = Array.from({ length: 40 }, (_, i) => [BigInt(i * 10 + 9), 0x1000n] as const)
    const slots = [...ends, [ULONG_MAX, 0n] as const]
    const circle = buildTree(slots, 12)
    const view = new DataView(circle.buffer)
    const child = NODE + at('maple_arange_64', 'slot')
    view.setBigUint64(child, (START + BigInt(NODE)) | (typeNumber('maple_arange_64') << 3n), true)
    expect(() => [...masForEach(kernelOver(circle), START)]).toThrow(InconsistentError)
    const dead = buildTree(slots, 12)
    const leaf = START + BigInt(2 * NODE)
    new DataView(dead.buffer).setBigUint64(2 * NODE, leaf, true)
    expect(() => [...masForEach(kernelOver(dead), START)]).toThrow(/its parent is/)
  })
})
