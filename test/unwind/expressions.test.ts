import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BytesMemory } from '../support/bytes_memory.js'
import { temporaryFolder } from '../support/compile.js'
import { hasTools, isRoot } from '../support/tools.js'
import { ExpressionWriter } from './expression_writer.js'
import { gdb } from './gdb.js'
import { ProcModules } from './live_process.js'
import { differences, ourStack } from './same_frames.js'

const COUNT = 150

describe.skipIf(!isRoot || !hasTools('gdb', 'gcc'))(
  'DWARF expressions (needs root, gdb and gcc)',
  () => {
    test('give what gdb takes them for, with every operation', { timeout: 120_000 }, () => {
      const seed = Math.floor(Math.random() * 2 ** 31)
      const writer = new ExpressionWriter(seed)
      const expressions = Array.from({ length: COUNT }, () => writer.write())
      const program = build(expressions)
      const [stack] = gdb([program], 'break stop', 'run', 'python steps(1, 512, 16384)')
      const memory = new BytesMemory(BigInt(stack!.start!), Buffer.from(stack!.stack!, 'hex'))
      const maps = stack!.maps!.replace(/^.*\[vdso\]\n/m, '')
      const ours = ourStack(stack!, memory, new ProcModules(maps, memory))
      expect(differences(ours, stack!), `seed ${seed}`).toEqual([])
      // Each value is known, and by many are they told apart.
      const values = ours.frames.slice(1, COUNT + 1).map(({ registers }) => registers.get(RBX))
      expect(values.every((value) => value !== undefined)).toBe(true)
      expect(new Set(values).size).toBeGreaterThan(COUNT / 4)
      expect(writer.unused()).toEqual([])
    })
  },
)

const RBX = 3

/** Functions that call each other; the caller's rbx of each is what its expression gives. */
function build(expressions: readonly (readonly number[])[]): string {
  const functions = expressions.map((bytes, i) => {
    const next = i + 1 < expressions.length ? `f${i + 1}` : 'stop'
    const rule = [0x16, RBX, bytes.length, ...bytes] // DW_CFA_val_expression
    return `f${i}:\n.cfi_startproc\n.cfi_escape ${rule}\ncall ${next}\nret\n.cfi_endproc\n`
  })
  const source = `.text\n.globl main\nmain:\n.cfi_startproc\ncall f0\nret\n.cfi_endproc\n${functions.join('')}
.globl stop\nstop:\n.cfi_startproc\nnop\nret\n.cfi_endproc\n.section .note.GNU-stack,"",@progbits\n`
  const folder = temporaryFolder()
  const path = join(folder, 'expressions.s')
  writeFileSync(path, source)
  const program = join(folder, 'expressions')
  execFileSync('gcc', ['-o', program, path])
  return program
}
