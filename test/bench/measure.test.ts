import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { scratch } from '../../bench/compile.mjs'
import { measure, outputOf } from '../../bench/measure.mjs'
import { summary } from '../../bench/statistics.mjs'

// A test's process may be ended before it gets to tidy up.
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const hasCompiler = spawnSync('gcc', ['--version']).status === 0

test.skipIf(!hasCompiler)('time, CPU time and peak memory are those of the command (gcc)', () => {
  const asleep = measure(['sleep', '0.3'])
  expect(asleep.wall).toBeGreaterThanOrEqual(300)
  expect(asleep.cpu).toBeLessThan(100)
  expect(asleep.peak).toBeLessThan(10)

  const busy = measure(['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=64M', 'count=40', 'status=none'])
  expect(busy.peak).toBeGreaterThan(64 * 1.048)
  expect(busy.peak).toBeLessThan(64 * 1.048 + 10)
  expect(busy.cpu).toBeGreaterThan(asleep.cpu)
  expect(busy.cpu).toBeLessThanOrEqual(busy.wall * 1.1 + 10)
})

test.skipIf(!hasCompiler)('a command that fails is no measurement (gcc)', () => {
  expect(outputOf(['echo', 'a b'])).toBe('a b\n')
  expect(() => measure(['sh', '-c', 'echo why >&2; exit 3'])).toThrow(/failed with 3: why/)
  expect(() => measure(['/nowhere/command'])).toThrow(/failed with 127/)
})

test('the median of an even number of values is between the middle two', () => {
  expect(summary([9, 1, 4])).toEqual({ median: 4, min: 1, max: 9 })
  expect(summary([10, 2, 4, 1])).toEqual({ median: 3, min: 1, max: 10 })
})
