import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nearestNames } from '../../src/bytes/nearest.js'

/** The definition of the edit distance, without any short cut. */
function distance(a: string, b: string, memo = new Map<string, number>()): number {
  if (a === '' || b === '') return a.length + b.length
  const key = `${a.length} ${b.length}`
  const known = memo.get(key)
  if (known !== undefined) return known
  const result = Math.min(
    distance(a.slice(1), b.slice(1), memo) + (a[0] === b[0] ? 0 : 1),
    distance(a.slice(1), b, memo) + 1,
    distance(a, b.slice(1), memo) + 1,
  )
  memo.set(key, result)
  return result
}

test('takes the names that differ in few places', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '_'), minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(word, word, (wanted, name) => {
      const worst = Math.max(2, Math.floor(wanted.length / 3))
      const contained = wanted.length >= 4 && name.includes(wanted)
      const near = distance(wanted, name) <= worst || contained
      expect(nearestNames(wanted, [name])).toEqual(near ? [name] : [])
    }),
    { numRuns: 20_000 },
  )
})

test('orders by likeness and names each once', () => {
  const names = ['task_stru', 'task_struct', 'mm_struct', 'task_struct', 'task_stuck']
  expect(nearestNames('task_strukt', names)).toEqual(['task_struct', 'task_stru', 'task_stuck'])
})

test('is quick with many and long names', () => {
  const names = Array.from({ length: 100_000 }, (_, i) => `${'x'.repeat(40)}${i}`)
  const start = performance.now()
  nearestNames('y'.repeat(43), names)
  nearestNames('x'.repeat(4000), [...names, 'x'.repeat(4005), 'x'.repeat(4090)])
  expect(performance.now() - start).toBeLessThan(5000)
})
