import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readElf } from '../../src/elf/elf.js'
import type { CallFrames } from '../../src/unwind/cfi/call_frames.js'
import type { Row } from '../../src/unwind/cfi/rules.js'
import { callFramesOf } from '../../src/unwind/elf_call_frames.js'
import { hasTools } from '../support/tools.js'
import { cellsOf, fdesOf, X86_64_NAMES } from './readelf_frames.js'
import { sharedLibraries, vdsoFile } from './system_files.js'

const files = [
  ...new Set([process.execPath, ...sharedLibraries()].map((path) => realpathSync(path))),
]

describe.skipIf(!hasTools('readelf'))('call frame information (needs binutils)', () => {
  test.each(files)('%s has the rows that readelf shows', { timeout: 300_000 }, (path) => {
    compareRows(path)
  })

  test('the vdso has the rows that readelf shows', () => {
    compareRows(vdsoFile())
  })
})

test('the tests look at libc', () => {
  expect(files.some((path) => path.includes('libc.so'))).toBe(true)
  expect(files.every((path) => existsSync(path))).toBe(true)
})

/** Every FDE of a file, row by row, and the row found for addresses at both ends of each row. */
function compareRows(path: string): void {
  const frames = callFramesOf(readElf(readFileSync(path), path))
  expect(frames.damages).toEqual([])
  const oracle = fdesOf(path)
  const wrong: string[] = []
  let count = 0
  for (const { fde, rows } of frames.entries()) {
    const expected = oracle[count++]
    const ours = [...rows]
    const [text, wanted] = [textOf(ours, expected?.columns), expectedText(expected)]
    // An FDE that adds nothing to its CIE is shown without rows.
    if (expected?.rows.size !== 0 && text !== wanted) wrong.push(`${text}\nbut\n${wanted}`)
    if (fde.start !== expected?.start || fde.end !== expected.end)
      wrong.push(`range of ${fde.start}`)
    if (!isFound(frames, ours)) wrong.push(`lookup within ${fde.start}`)
  }
  expect(wrong.slice(0, 10)).toEqual([])
  expect(count).toBe(oracle.length)
  expect(count).toBeGreaterThan(0)
}

function textOf(rows: readonly Row[], columns: readonly string[] = []): string {
  return rows.map((row) => `${row.start}: ${cellsOf(row, columns, X86_64_NAMES)}`).join('\n')
}

function expectedText(fde: ReturnType<typeof fdesOf>[number] | undefined): string {
  return Array.from(fde?.rows ?? [], ([start, cells]) => `${start}: ${cells}`).join('\n')
}

/** Whether the rows are found by address, as unwinding does. */
function isFound(frames: CallFrames, rows: readonly Row[]): boolean {
  return rows.every((row) => {
    return [row.start, row.end - 1n].every((at) => {
      const found = frames.rowAt(at)
      return JSON.stringify(found, digits) === JSON.stringify(row, digits)
    })
  })
}

const digits = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
