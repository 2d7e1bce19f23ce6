import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Btf } from '../../src/btf/btf.js'
import { FaultError, InconsistentError } from '../../src/errors.js'
import { hlistNodes, listNodes } from '../../src/kernel/list.js'
import { rbNodes } from '../../src/kernel/rbtree.js'
import { idrForEachEntry, xaForEach, xaLoad } from '../../src/kernel/xarray.js'
import { ObjectSpace } from '../../src/object/space.js'
import { BytesMemory } from '../support/bytes_memory.js'

const BTF_FILE = '/sys/kernel/btf/vmlinux'
const START = 0xffff_8880_0000_0000n

/** Structs of the running kernel's types in memory that is made here, and then damaged. */
const btf = new Btf(readFileSync(BTF_FILE), { source: BTF_FILE })

function space(bytes: Uint8Array): ObjectSpace & { memory: BytesMemory } {
  const memory = new BytesMemory(START, bytes)
  return Object.assign(new ObjectSpace(btf, memory), { memory })
}

/** The result, or `damaged` if the walk says that it found damage; any other error is one. */
function outcome<T>(walk: () => Iterable<T>): T[] | 'damaged' {
  try {
    return [...walk()]
  } catch (error) {
    if (error instanceof InconsistentError || error instanceof FaultError) return 'damaged'
    throw error
  }
}

const NODE = 64
const NODES = 8
const nodeAt = (index: number) => START + BigInt(index * NODE)

/** A pointer to one of the nodes, or to nowhere. */
const pointer = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: NODES - 1 }).map(nodeAt) },
  { weight: 1, arbitrary: fc.constantFrom(0n, 1n, START - 8n, nodeAt(NODES), 2n ** 64n - 8n) },
)

/** Nodes of which each has these pointers at its start. */
function nodes(pointers: readonly (readonly bigint[])[]): Uint8Array {
  const bytes = new Uint8Array(NODES * NODE)
  const view = new DataView(bytes.buffer)
  pointers.forEach((own, node) => {
    own.forEach((value, i) => {
      view.setBigUint64(node * NODE + i * 8, value, true)
    })
  })
  return bytes
}

const anyNodes = (count: number) =>
  fc.array(fc.array(pointer, { minLength: count, maxLength: count }), {
    minLength: NODES,
    maxLength: NODES,
  })

describe('a list in damaged memory', () => {
  test('is walked to its end if all links agree, else said to be torn', () => {
    fc.assert(
      fc.property(anyNodes(2), (links) => {
        const expected: bigint[] = []
        let at = START
        let agrees = true
        do {
          const next = links[Number(at - START) / NODE]![0]!
          const index = Number(next - START) / NODE
          agrees = next >= START && index < NODES && links[index]![1] === at
          if (agrees && next !== START) expected.push(next)
          at = next
        } while (agrees && at !== START)
        const seen = outcome(() => listNodes(space(nodes(links)), START))
        expect(seen).toEqual(agrees ? expected : 'damaged')
      }),
      { numRuns: 300 },
    )
  })

  test('is followed while its links agree, in both directions', () => {
    const ring = (order: readonly number[]) => {
      const links = Array.from({ length: NODES }, () => [0n, 0n])
      order.forEach((node, i) => {
        links[node]![0] = nodeAt(order[(i + 1) % order.length]!)
        links[node]![1] = nodeAt(order[(i + order.length - 1) % order.length]!)
      })
      return nodes(links)
    }
    fc.assert(
      fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7]), (order) => {
        const kernel = space(ring([0, ...order]))
        expect([...listNodes(kernel, START)]).toEqual(order.map(nodeAt))
        expect([...listNodes(kernel, START, 'backward')]).toEqual(order.toReversed().map(nodeAt))
      }),
    )
  })

  test('is a fault where nothing is', () => {
    const kernel = space(new Uint8Array(64))
    expect(() => [...listNodes(kernel, START - 64n)]).toThrow(FaultError)
    expect(() => [...hlistNodes(kernel, START - 64n)]).toThrow(FaultError)
    // The head of an hlist is half as long as a node.
    expect([...hlistNodes(kernel, START + 56n)]).toEqual([])
  })

  test('an hlist ends', () => {
    fc.assert(
      fc.property(anyNodes(2), (links) => {
        const seen = outcome(() => hlistNodes(space(nodes(links)), START))
        if (seen !== 'damaged') expect(new Set(seen).size).toBe(seen.length)
      }),
    )
  })
})

describe('a red-black tree in damaged memory', () => {
  test('is never walked in circles', () => {
    fc.assert(
      fc.property(anyNodes(3), (links) => {
        const seen = outcome(() => rbNodes(space(nodes(links)), START))
        if (seen !== 'damaged') expect(new Set(seen).size).toBe(seen.length)
      }),
      { numRuns: 1000 },
    )
  })
})

const SLOTS = 64n
const nodeType = btf.get('xa_node', 'struct')
const memberAt = (struct: string, name: string) =>
  btf.findMember(btf.get(struct, 'struct'), name)!.bitOffset / 8

/** An XArray at START that holds some entries, and the memory it is in. */
function buildXArray(entries: ReadonlyMap<bigint, bigint>): Uint8Array {
  const head = Math.ceil(btf.get('xarray', 'struct').size / 8) * 8
  const parts: DataView[] = []
  const build = (indexes: readonly bigint[], shift: bigint, parent: bigint, offset: number) => {
    const view = new DataView(new ArrayBuffer(Math.ceil(nodeType.size / 8) * 8))
    const address = START + BigInt(head + parts.length * view.byteLength)
    parts.push(view)
    view.setUint8(memberAt('xa_node', 'shift'), Number(shift))
    view.setUint8(memberAt('xa_node', 'offset'), offset)
    view.setBigUint64(memberAt('xa_node', 'parent'), parent, true)
    for (let slot = 0n; slot < SLOTS; slot++) {
      const within = indexes.filter((index) => ((index >> shift) & (SLOTS - 1n)) === slot)
      if (within.length === 0) continue
      const entry: bigint =
        shift === 0n ? entries.get(within[0]!)! : build(within, shift - 6n, address, Number(slot))
      view.setBigUint64(memberAt('xa_node', 'slots') + Number(slot) * 8, entry, true)
    }
    return address + 2n
  }
  const indexes = [...entries.keys()]
  const largest = indexes.toSorted((a, b) => (a < b ? -1 : 1)).at(-1) ?? 0n
  let shift = 0n
  while (largest >> (shift + 6n) > 0n) shift += 6n
  const xarray = new DataView(new ArrayBuffer(head))
  const top = largest === 0n ? (entries.get(0n) ?? 0n) : build(indexes, shift, 0n, 0)
  xarray.setBigUint64(memberAt('xarray', 'xa_head'), top, true)
  const whole = [xarray, ...parts].map((part) => new Uint8Array(part.buffer))
  return Uint8Array.from(whole.flatMap((part) => [...part]))
}

const index = fc.oneof(
  fc.bigInt(0n, 200n),
  fc.bigInt(0n, 1n << 32n),
  fc.bigInt(0n, (1n << 64n) - 1n),
)
const contents = fc.uniqueArray(index, { maxLength: 20 }).map((indexes) => {
  return new Map(indexes.map((key, i): [bigint, bigint] => [key, START + BigInt(i + 1) * 0x1000n]))
})

describe('an XArray', () => {
  test('gives back what it holds', () => {
    fc.assert(
      fc.property(contents, index, (entries, other) => {
        const kernel = space(buildXArray(entries))
        const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
        expect([...xaForEach(kernel, START)]).toEqual(sorted)
        for (const [key, entry] of entries) expect(xaLoad(kernel, START, key)).toBe(entry)
        expect(xaLoad(kernel, START, other)).toBe(entries.get(other) ?? 0n)
      }),
      { numRuns: 200 },
    )
  })

  test('in damaged memory ends, with a result or an error', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 })
    fc.assert(
      fc.property(contents, damage, fc.boolean(), (entries, changes, crossLinked) => {
        const bytes = buildXArray(entries)
        const kernel = space(bytes)
        for (const [at, value] of changes) {
          if (crossLinked) {
            // Somewhere, a pointer to one of the nodes.
            const node = START + BigInt(bytes.length - nodeType.size * (1 + (value % 4))) + 2n
            kernel.memory.view.setBigUint64((at % (bytes.length / 8)) * 8, node, true)
          } else bytes[at % bytes.length] = value
        }
        outcome(() => xaForEach(kernel, START))
        for (const key of entries.keys()) outcome(() => [xaLoad(kernel, START, key)])
        expect(kernel.memory.reads).toBeLessThan(10_000)
      }),
      { numRuns: 500 },
    )
  })

  test('an IDR with a base', () => {
    const bytes = new Uint8Array(btf.get('idr', 'struct').size + 8)
    const kernel = space(bytes)
    kernel.memory.view.setBigUint64(
      memberAt('idr', 'idr_rt') + memberAt('xarray', 'xa_head'),
      START,
      true,
    )
    kernel.memory.view.setUint32(memberAt('idr', 'idr_base'), 7, true)
    expect([...idrForEachEntry(kernel, START)]).toEqual([[7, START]])
  })
})
