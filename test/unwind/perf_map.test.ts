import { expect, test } from 'vitest'
import { PerfMap } from '../../src/unwind/perf_map.js'

test('a later line is of what took the place of a former', () => {
  const map = new PerfMap(
    ['1000 100 old', '1080 40 new code', '0x2000 0x10 Function:~f file.js:1:2', 'half a li'].join(
      '\n',
    ),
  )
  expect(map.at(0x1000n)).toEqual({ name: 'old', address: 0x1000n, size: 0x100n })
  expect(map.at(0x1080n)?.name).toBe('new code')
  expect(map.at(0x10c0n)?.name).toBe('old')
  expect(map.at(0x200fn)?.name).toBe('Function:~f file.js:1:2')
  expect(map.at(0x2010n)).toBeUndefined()
})
