import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readElf } from '../../src/elf/elf.js'
import type { Row } from '../../src/unwind/cfi/rules.js'
import { callFramesOf } from '../../src/unwind/elf_call_frames.js'
import { hasTools } from '../support/tools.js'
import { link } from './link.js'
import { ARM64_NAMES, cellsOf, fdesOf, X86_64_NAMES } from './readelf_frames.js'

/** Every call frame instruction, one at each location. */
const EVERY_INSTRUCTION = [
  '.cfi_def_cfa_offset 16',
  '.cfi_offset 3, -16',
  '.cfi_offset 12, 8', // DW_CFA_offset_extended_sf
  '.cfi_def_cfa_register 6',
  '.cfi_def_cfa 6, 24',
  '.cfi_remember_state',
  '.cfi_same_value 3',
  '.cfi_undefined 12',
  '.cfi_register 13, 14',
  '.cfi_val_offset 15, -24',
  '.cfi_restore_state',
  '.cfi_restore 3',
  '.cfi_escape 0x05, 14, 5', // DW_CFA_offset_extended
  '.cfi_escape 0x06, 14', // DW_CFA_restore_extended
  '.cfi_escape 0x12, 7, 0x7e', // DW_CFA_def_cfa_sf
  '.cfi_escape 0x13, 0x7c', // DW_CFA_def_cfa_offset_sf
  '.cfi_escape 0x14, 13, 3', // DW_CFA_val_offset
  '.cfi_escape 0x15, 13, 0x7d', // DW_CFA_val_offset_sf
  '.cfi_escape 0x10, 12, 2, 0x77, 8', // DW_CFA_expression
  '.cfi_escape 0x16, 13, 2, 0x77, 8', // DW_CFA_val_expression
  '.cfi_escape 0x2e, 0x10', // DW_CFA_GNU_args_size
  '.cfi_escape 0x2f, 14, 4', // DW_CFA_GNU_negative_offset_extended
  '.cfi_escape 0x2d', // DW_CFA_GNU_window_save
  '.cfi_escape 0x00', // DW_CFA_nop
  '.cfi_escape 0x0f, 2, 0x77, 8', // DW_CFA_def_cfa_expression
]

/** Distances that need DW_CFA_advance_loc, _loc1, _loc2 and _loc4. */
const DISTANCES = [1, 100, 1000, 70_000]

const FUNCTIONS = `
	.cfi_sections .eh_frame, .debug_frame
	.text
	.globl start, first
first:	.cfi_startproc
	.cfi_personality 0x1b, first
	.cfi_lsda 0x1b, first
	${EVERY_INSTRUCTION.map((line) => `nop\n${line}`).join('\n')}
	nop
	.cfi_endproc
start:	.cfi_startproc
	.cfi_signal_frame
	${DISTANCES.map((distance, i) => `.skip ${distance}\n.cfi_def_cfa_offset ${16 + 8 * i}`).join('\n')}
	nop
	.cfi_endproc
`

const ARM64_FUNCTIONS = `
	.text
	.globl start
start:	.cfi_startproc
	.cfi_b_key_frame
	hint 27
	.cfi_negate_ra_state
	stp x29, x30, [sp, -32]!
	.cfi_def_cfa_offset 32
	.cfi_offset 29, -32
	.cfi_offset 30, -24
	nop
	.cfi_remember_state
	ldp x29, x30, [sp], 32
	.cfi_restore 30
	.cfi_restore 29
	.cfi_def_cfa_offset 0
	hint 31
	.cfi_negate_ra_state
	ret
	.cfi_restore_state
	nop
	.cfi_endproc
`

describe.skipIf(!hasTools('as', 'ld', 'readelf'))(
  'call frame instructions (needs binutils)',
  () => {
    test.each([1, 3, 4])('every one, in .eh_frame and .debug_frame of version %i', (version) => {
      const path = link(FUNCTIONS, 'as', 'ld', `--gdwarf-cie-version=${version}`)
      expect(comparedRows(path, X86_64_NAMES).length).toBe(
        2 * (EVERY_INSTRUCTION.length + DISTANCES.length + 2),
      )
    })

    test('without an index, FDEs are found by reading all', () => {
      const path = link(FUNCTIONS, 'as', 'ld')
      const frames = callFramesOf(readElf(readFileSync(path), path))
      const rows = comparedRows(path, X86_64_NAMES)
      for (const row of rows) expect(frames.rowAt(row.end - 1n)?.start).toBe(row.start)
      expect(frames.rowAt(rows.at(-1)!.end)).toBeUndefined()
      expect(rows.filter(({ signalFrame }) => signalFrame).length).toBe(2 * (DISTANCES.length + 1))
    })

    test('of .debug_frame only', () => {
      const path = link(FUNCTIONS, 'as', 'ld')
      execFileSync('objcopy', ['--remove-section', '.eh_frame', path], { stdio: 'ignore' })
      const frames = callFramesOf(readElf(readFileSync(path), path))
      const rows = comparedRows(path, X86_64_NAMES)
      for (const row of rows) expect(frames.rowAt(row.start)?.end).toBe(row.end)
      expect(rows.length).toBe(EVERY_INSTRUCTION.length + DISTANCES.length + 2)
    })
  },
)

const hasArm64 = hasTools('aarch64-linux-gnu-as', 'aarch64-linux-gnu-ld', 'readelf')

describe.skipIf(!hasArm64)('call frame instructions of arm64 (needs its binutils)', () => {
  test('tell where the return address is signed', () => {
    const path = link(
      ARM64_FUNCTIONS,
      'aarch64-linux-gnu-as',
      'aarch64-linux-gnu-ld',
      '-march=armv8.3-a',
    )
    const rows = comparedRows(path, ARM64_NAMES)
    expect(rows.map(({ signed }) => signed)).toEqual([
      ...[false, true, true, true, true, false, true],
    ])
  })
})

/** All rows of a file, which are those that readelf shows. */
function comparedRows(path: string, names: readonly string[]): Row[] {
  const oracle = fdesOf(path)
  const all = [...callFramesOf(readElf(readFileSync(path), path)).entries()].map(({ rows }) => [
    ...rows,
  ])
  expect(all.length).toBe(oracle.length)
  all.forEach((rows, i) => {
    const { columns, rows: expected } = oracle[i]!
    expect(rows.map((row) => [row.start, cellsOf(row, columns, names)])).toEqual([...expected])
  })
  return all.flat()
}
