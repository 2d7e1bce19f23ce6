import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RangeIndex } from '../../src/bytes/range_index.js'

test('of the ranges that cover an address, the last is found', () => {
  const range = fc.tuple(fc.nat(60), fc.integer({ min: -2, max: 30 }))
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), (pairs) => {
      const ranges = pairs.map(([start, length]) => ({ start, end: start + length }))
      const index = new RangeIndex(ranges)
      for (let at = 0; at < 100; at++) {
        const expected = ranges.findLastIndex(({ start, end }) => at >= start && at < end)
        expect(index.find(BigInt(at)) ?? -1).toBe(expected)
      }
    }),
    { numRuns: 2000 },
  )
})

test('nothing is found at addresses that no number holds', () => {
  const index = new RangeIndex([{ start: 0, end: Number.MAX_SAFE_INTEGER }])
  expect(index.find(2n ** 63n)).toBeUndefined()
  expect(index.find(-1n)).toBeUndefined()
})
