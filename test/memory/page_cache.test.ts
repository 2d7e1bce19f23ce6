import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FaultError } from '../../src/errors.js'
import { readBytes } from '../../src/memory/memory.js'
import { PageCache } from '../../src/memory/page_cache.js'
import { readCString, readCStrings } from '../../src/object/c_string.js'
import { BytesMemory } from '../support/bytes_memory.js'

const START = 0xffff_8880_0000_0000n
const PAGES = 16
const SIZE = PAGES * 4096

/** Sixteen pages of memory in which no two words are equal. */
function memory(): BytesMemory {
  const words = Uint32Array.from({ length: SIZE / 4 }, (_, i) => i * 2654435761)
  return new BytesMemory(START, new Uint8Array(words.buffer))
}

/** What a read gives: bytes, or the address of the fault. */
function outcome(read: () => Uint8Array): number[] | bigint {
  try {
    return [...read()]
  } catch (error) {
    if (error instanceof FaultError) return error.address
    throw error
  }
}

const range = fc.record({
  offset: fc.integer({ min: -5000, max: SIZE + 5000 }),
  length: fc.oneof(fc.integer({ min: 0, max: 64 }), fc.integer({ min: 0, max: 5 * 4096 })),
})

describe('the page cache', () => {
  test('reads what the memory below holds, and faults where it does', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 10 }), (ranges) => {
        const below = memory()
        const cache = new PageCache(memory())
        for (const { offset, length } of ranges) {
          const address = START + BigInt(offset)
          const expected = outcome(() => readBytes(below, address, length))
          if (length > 0) {
            expect(outcome(() => readBytes(cache, address, length))).toEqual(expected)
          }
        }
      }),
    )
  })

  test('gathers what it reads one by one', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), (ranges) => {
        const wanted = ranges.map(({ offset, length }) => ({
          address: START + BigInt(offset),
          length,
        }))
        const gathered = new PageCache(memory()).gather(wanted)
        wanted.forEach(({ address, length }, i) => {
          const found = gathered[i]!
          const seen = found instanceof FaultError ? found.address : [...found]
          expect(seen).toEqual(outcome(() => readBytes(new PageCache(memory()), address, length)))
        })
      }),
    )
  })

  test('reads a page once, until it is dropped', () => {
    const below = memory()
    const cache = new PageCache(below)
    for (let i = 0; i < 100; i++) readBytes(cache, START + 4096n + BigInt(i * 8), 8)
    expect(below.reads).toBe(1)
    below.bytes.fill(7)
    expect([...readBytes(cache, START + 4096n, 2)]).not.toEqual([7, 7])
    expect([...readBytes(cache, START, 2)]).toEqual([7, 7])
    cache.drop()
    expect([...readBytes(cache, START + 4096n, 2)]).toEqual([7, 7])
  })

  test('hands out copies', () => {
    const below = memory()
    const cache = new PageCache(below)
    const [bytes] = cache.gather([{ address: START, length: 8 }])
    ;(bytes as Uint8Array).fill(9)
    expect([...readBytes(cache, START, 8)]).toEqual([...below.bytes.subarray(0, 8)])
  })
})

describe('a NUL-terminated string', () => {
  const withText = (offset: number, text: string) => {
    const below = memory()
    below.bytes.fill(0x78)
    below.bytes.set(new TextEncoder().encode(text), offset)
    return below
  }

  test('may end with the last byte that is mapped', () => {
    const below = withText(SIZE - 4, 'abc\0')
    const address = START + BigInt(SIZE - 4)
    expect(readCString(below, address, 4096)).toBe('abc')
    expect(readCStrings(below, [address, START - 8n, address + 1n], 64)).toEqual([
      'abc',
      undefined,
      'bc',
    ])
  })

  test('may go on in the next page, is cut at the limit, and may fault', () => {
    const long = `${'é'.repeat(3000)}\0`
    const below = withText(4096 - 11, long)
    const address = START + 4096n - 11n
    expect(readCString(below, address, 10_000)).toBe('é'.repeat(3000))
    expect(readCStrings(below, [address], 10_000)).toEqual(['é'.repeat(3000)])
    expect(readCString(below, address, 10)).toBe('é'.repeat(5))
    expect(readCStrings(below, [address], 10)).toEqual(['é'.repeat(5)])
    const unterminated = START + BigInt(SIZE - 100)
    expect(() => readCString(below, unterminated, 4096)).toThrow(FaultError)
    expect(readCStrings(below, [unterminated], 4096)).toEqual([undefined])
  })
})
