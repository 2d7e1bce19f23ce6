import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ellipsized, printable, width } from '../../../src/cli/render/printable.js'

/** The columns of each text, as the C library's wcwidth() has them. */
function columnsOf(texts: readonly string[]): number[] {
  return texts.map((input) => {
    const { stdout } = spawnSync('wc', ['-L'], {
      input,
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    })
    return Number(stdout)
  })
}

const SCRIPTS = [
  'plain',
  'café',
  'e\u0301',
  '漢字',
  'ひらがなカタカナ',
  '한국어',
  'ｈａｌｆ',
  'ﾊﾝｶｸ',
]
const MORE = ['Ελληνικά', 'русский', 'עברית', 'العربية', 'ไทย', '😀🚀', '→±…', '、。「」']

test('widths of names are those of wcwidth()', () => {
  const names = [...SCRIPTS, ...MORE]
  expect(names.map(width)).toEqual(columnsOf(names))
})

/** C0 and C1 controls, and those of bidirectional text. */
function isCommand(code: number): boolean {
  const ranges = [
    [0, 0x1f],
    [0x7f, 0x9f],
    [0x200b, 0x200f],
    [0x202a, 0x202e],
    [0x2066, 0x2069],
  ]
  return ranges.some(([first, last]) => code >= first! && code <= last!)
}

test('nothing that is printed moves the cursor or turns the writing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const character of printable(text)) {
        expect(isCommand(character.codePointAt(0)!)).toBe(false)
      }
    }),
  )
})

test('a text that is cut fits, and keeps its start or its end', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (raw, columns) => {
      const text = printable(raw)
      for (const from of ['start', 'end'] as const) {
        const cut = ellipsized(text, columns, from)
        expect(width(cut)).toBeLessThanOrEqual(columns)
        if (width(text) <= columns) expect(cut).toBe(text)
        else if (from === 'start') expect(text.startsWith(cut.slice(0, -1))).toBe(true)
        else expect(text.endsWith(cut.slice(1))).toBe(true)
      }
    }),
  )
})
