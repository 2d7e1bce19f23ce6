import fc from 'fast-check'
import { expect, test } from 'vitest'
import { width } from '../../../src/cli/render/printable.js'
import { type Column, table } from '../../../src/cli/render/table.js'

interface Row {
  readonly pid: number
  readonly address: string
  readonly name: string
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'PID', align: 'right', cell: ({ pid }) => pid },
  { title: 'LONG TITLE', align: 'right', cell: ({ pid }) => pid % 10 },
  { title: 'ADDRESS', cut: 'end', cell: ({ address }) => address },
  { title: 'NAME', cell: ({ name }) => name },
]

const ROWS: readonly Row[] = [
  { pid: 1, address: '0xffff888100000000', name: 'init' },
  { pid: 31337, address: '0xffff888100001234', name: 'a rather long name' },
]

test('without a width nothing is cut', () => {
  expect(table(ROWS, COLUMNS)).toBe(
    [
      '  PID LONG TITLE ADDRESS            NAME',
      '    1          1 0xffff888100000000 init',
      '31337          7 0xffff888100001234 a rather long name',
      '',
    ].join('\n'),
  )
})

test('titles are cut first, then what may be cut, then the last column', () => {
  const at = (columns: number) => table(ROWS, COLUMNS, { width: columns }).split('\n')[2]
  expect(at(54)).toBe('31337          7 0xffff888100001234 a rather long name')
  expect(at(47)).toBe('31337   7 0xffff888100001234 a rather long name')
  expect(at(33)).toBe('31337 7 …01234 a rather long name')
  expect(at(25)).toBe('31337 7 …01234 a rather …')
})

test('every line fits, however narrow, whatever the names', () => {
  const row = fc.record({
    pid: fc.nat(4194304),
    address: fc.constantFrom('0xffff888100000000', '-'),
    name: fc.string({ unit: 'grapheme', maxLength: 40 }),
  })
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 20 }),
      fc.integer({ min: 20, max: 100 }),
      (rows, most) => {
        const lines = table(rows, COLUMNS, { width: most }).trimEnd().split('\n')
        expect(lines).toHaveLength(rows.length + 1)
        for (const line of lines) expect(width(line)).toBeLessThanOrEqual(most)
      },
    ),
  )
})
