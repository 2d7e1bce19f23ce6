import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Btf } from '../../src/btf/btf.js'
import { readElf } from '../../src/elf/elf.js'
import { type OrcEntry, OrcFormat } from '../../src/unwind/orc/orc_entry.js'
import { ScratchDirectory } from '../support/files.js'

/** The bit-fields of each version, and entries in its terms, which a compiler lays out. */
const VERSIONS = [
  {
    name: 'Linux 6.1',
    fields: 'unsigned sp_reg:4; unsigned bp_reg:4; unsigned type:2; unsigned end:1;',
    entries: [
      ['.sp_offset = 16, .sp_reg = 5, .bp_offset = -16, .bp_reg = 1, .type = 0', 'call', false],
      ['.sp_offset = -8, .sp_reg = 5, .type = 1', 'regs', true],
      ['.sp_offset = 0, .sp_reg = 9, .type = 2', 'regs partial', true],
      ['.type = 0, .end = 1', 'end of stack', false],
      ['.type = 0', 'undefined', false],
      ['.sp_reg = 5, .type = 3', 'undefined', false],
    ],
  },
  {
    name: 'Linux 6.3',
    fields:
      'unsigned sp_reg:4; unsigned bp_reg:4; unsigned type:2; unsigned signal:1; unsigned end:1;',
    entries: [
      ['.sp_offset = 8, .sp_reg = 5, .type = 0', 'call', false],
      ['.sp_offset = 8, .sp_reg = 5, .type = 0, .signal = 1', 'call', true],
      ['.sp_offset = 0, .sp_reg = 5, .type = 1, .signal = 1', 'regs', true],
      [
        '.sp_offset = 0, .sp_reg = 4, .bp_reg = 4, .bp_offset = 32767, .type = 2',
        'regs partial',
        false,
      ],
      ['.end = 1', 'end of stack', false],
    ],
  },
  {
    name: 'Linux 6.4 and later',
    fields: 'unsigned sp_reg:4; unsigned bp_reg:4; unsigned type:3; unsigned signal:1;',
    entries: [
      ['.type = 0', 'undefined', false],
      ['.type = 1', 'end of stack', false],
      ['.sp_offset = -32768, .sp_reg = 8, .type = 2, .signal = 1', 'call', true],
      ['.sp_offset = 0, .sp_reg = 5, .type = 3, .signal = 1', 'regs', true],
      ['.sp_offset = 0, .sp_reg = 5, .type = 4', 'regs partial', false],
      ['.sp_reg = 15, .bp_reg = 15, .type = 7, .signal = 1', 'undefined', true],
    ],
  },
] as const

test.each(VERSIONS)('struct orc_entry of $name', ({ fields, entries }) => {
  const source = `
    struct orc_entry { short sp_offset; short bp_offset; ${fields} } __attribute__((packed));
    struct orc_entry entries[] = { ${entries.map(([values]) => `{ ${values} }`).join(', ')} };`
  const { btf, data } = compiled(source)
  const format = OrcFormat.of(btf)!
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  entries.forEach(([values, type, signal], i) => {
    const number = (name: string) =>
      Number(new RegExp(`\\.${name} = (-?\\d+)`).exec(values)?.[1] ?? 0)
    const expected: OrcEntry = {
      spReg: number('sp_reg'),
      spOffset: number('sp_offset'),
      bpReg: number('bp_reg'),
      bpOffset: number('bp_offset'),
      type,
      signal,
    }
    expect(format.decode(view, i * format.size)).toMatchObject(expected)
  })
})

test('a kernel without ORC, and one with entries of an unknown kind', () => {
  expect(OrcFormat.of(compiled('struct other { int x; } entries[1];').btf)).toBeUndefined()
  const { btf } = compiled('struct orc_entry { int sp_offset; int type; } entries[1];')
  expect(() => OrcFormat.of(btf)).toThrow('orc_entry is of an unknown kind')
})

/** What gcc makes of a program: its types as BTF, and its data. */
function compiled(source: string): { btf: Btf; data: Uint8Array } {
  using folder = new ScratchDirectory()
  const [file, object] = [join(folder.path, 'entries.c'), join(folder.path, 'entries.o')]
  writeFileSync(file, source)
  execFileSync('gcc', ['-c', '-gbtf', '-fno-zero-initialized-in-bss', '-o', object, file])
  const elf = readElf(readFileSync(object), object)
  return {
    btf: new Btf(elf.sectionBytes(elf.section('.BTF')!).slice()),
    data: elf.sectionBytes(elf.section('.data')!),
  }
}
