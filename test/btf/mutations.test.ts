import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { Btf } from '../../src/btf/btf.js'
import { KsightError } from '../../src/errors.js'
import { canFetchKernels, debianBtf, debianModuleBtf } from '../support/debian_kernel.js'
import { encodeBtf, info } from './encode.js'
import { EVERY_KIND } from './every_kind.js'

/** More than any single use of a damaged BTF of a megabyte may take. */
const MOST_MILLISECONDS = 2000

/** Only ksight's own errors are allowed. */
function mayRefuse(use: () => unknown): void {
  try {
    use()
  } catch (error) {
    if (!(error instanceof KsightError)) throw error
  }
}

/** The same, and soon. */
function returnsOrRefuses(use: () => unknown): void {
  const start = performance.now()
  mayRefuse(use)
  const took = performance.now() - start
  if (took > MOST_MILLISECONDS) throw new Error(`took ${took} ms`)
}

/** Asks everything of a BTF, type by type. */
function useAll(bytes: Uint8Array, base?: Btf): void {
  mayRefuse(() => {
    const btf = new Btf(bytes, base && { base })
    returnsOrRefuses(() => [...btf.types()].length)
    returnsOrRefuses(() => btf.get('no such type'))
    returnsOrRefuses(() => btf.get('no such type', 'struct'))
    for (let id = btf.firstId; id < btf.count; id++) useType(btf, id)
  })
}

function useType(btf: Btf, id: number): void {
  returnsOrRefuses(() => btf.kind(id))
  returnsOrRefuses(() => btf.resolve(id))
  returnsOrRefuses(() => btf.sizeOf(id))
  returnsOrRefuses(() => {
    const type = btf.type(id)
    btf.find(type.name)
    if (type.kind !== 'struct' && type.kind !== 'union') return
    btf.findMember(type, 'no such member')
    for (const member of btf.flatMembers(type)) btf.findMember(type, member.name)
  })
}

/** Some bytes of a blob changed, and perhaps its end cut off. */
function mutationsOf(original: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(original.length - 1), fc.nat(255))
  const changes = fc.array(change, { minLength: 1, maxLength: 5 })
  const lengths = fc.oneof(fc.constant(original.length), fc.nat(original.length))
  return fc.tuple(changes, lengths).map(([changed, length]) => {
    const bytes = Uint8Array.from(original)
    for (const [at, value] of changed) bytes[at] = value
    return bytes.subarray(0, length)
  })
}

describe('a BTF with every kind', () => {
  const original = encodeBtf(EVERY_KIND)

  test('cut at any byte', () => {
    for (let length = 0; length < original.length; length++) useAll(original.subarray(0, length))
  })

  test('with any one byte changed', () => {
    for (let at = 0; at < original.length; at++) {
      const bytes = Uint8Array.from(original)
      for (const flip of [0x01, 0x12, 0x80, 0xff]) {
        bytes[at] = original[at]! ^ flip
        useAll(bytes)
      }
    }
  })

  test('with several bytes changed', () => {
    fc.assert(
      fc.property(mutationsOf(original), (bytes) => useAll(bytes)),
      { numRuns: 5000 },
    )
  })

  test('as the base that a split BTF finds changed', () => {
    const split = encodeBtf([
      ['', info(2), 10],
      ['more', info(4, 2), 40, 'inner', 10, 0, 'pointer', 36, 320],
    ])
    fc.assert(
      fc.property(mutationsOf(original), (bytes) => {
        mayRefuse(() => useAll(split, new Btf(bytes)))
      }),
      { numRuns: 2000 },
    )
  })
})

describe.skipIf(!canFetchKernels)('the BTF of a module (apt)', () => {
  let base: Btf
  let original: Uint8Array

  beforeAll(async () => {
    base = new Btf(await debianBtf('6.12'))
    original = await debianModuleBtf('6.12', '9pnet')
  })

  test('with several bytes changed', () => {
    fc.assert(
      fc.property(mutationsOf(original), (bytes) => useSplit(bytes)),
      { numRuns: 300 },
    )
  })

  /** Without the search for near names, which would go through the base each time. */
  function useSplit(bytes: Uint8Array): void {
    mayRefuse(() => {
      const btf = new Btf(bytes, { base })
      for (let id = btf.firstId; id < btf.count; id++) useType(btf, id)
    })
  }
})

describe('the BTF of the running kernel', () => {
  const original = readFileSync('/sys/kernel/btf/vmlinux')

  test('with several bytes changed', () => {
    fc.assert(
      fc.property(mutationsOf(original), (bytes) => {
        returnsOrRefuses(() => {
          const btf = new Btf(bytes)
          const task = btf.get('task_struct', 'struct')
          for (const { type } of btf.flatMembers(task)) btf.sizeOf(type)
          btf.findMember(task, 'no such member')
        })
      }),
      { numRuns: 100 },
    )
  })
})

describe('a BTF made to take long', () => {
  test('structs that contain themselves', () => {
    const self = encodeBtf([
      ['narrow', info(1), 4, 3],
      ['self', info(4, 2), 4, '', 2, 0, 'bits', 1, 0],
      ['', info(3), 0, 4, 1, 2],
      ['', info(3), 0, 3, 1, 2],
      ['', info(8), 6],
      ['', info(8), 5],
    ])
    useAll(self)
    const btf = new Btf(self)
    const struct = btf.get('self', 'struct')
    expect(() => [...btf.flatMembers(struct)]).toThrow(/type 2 is too deep or too large/)
    for (const id of [3, 5]) expect(() => btf.sizeOf(id)).toThrow(/is too deep or too large/)
  })

  test('anonymous structs that double at each of many levels', () => {
    const levels = Array.from(
      { length: 60 },
      (_, i) => ['', info(4, 2), 4, '', i + 2, 0, '', i + 2, 0] as const,
    )
    useAll(encodeBtf([...levels, ['end', info(4), 0]]))
  })

  test('a long chain of structs, each a member of the one before', () => {
    const chain = Array.from(
      { length: 50_000 },
      (_, i) => [`s${i}`, info(4, 1), 4, 'inner', i + 2, 0] as const,
    )
    const btf = new Btf(encodeBtf([...chain, ['narrow', info(1), 4, 3]]))
    expect(btf.find('s0', 'struct')?.members).toHaveLength(1)
    returnsOrRefuses(() => [...btf.types()].length)
  })

  test('names of a megabyte', () => {
    const name = 'n'.repeat(1_000_000)
    const types = Array.from({ length: 5000 }, () => [name, info(4), 4] as const)
    const bytes = encodeBtf(types)
    // Each name starts at another place within the long one.
    for (let i = 0; i < types.length; i++) bytes.set(Uint8Array.of(i, i >> 8), 24 + i * 12)
    returnsOrRefuses(() => [...new Btf(bytes).types()].length)
    returnsOrRefuses(() => new Btf(bytes).get('nnnnn'))
  })
})
