import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Btf } from '../../src/btf/btf.js'
import { KIND_NAMES } from '../../src/btf/kinds.js'
import { hasTools } from '../support/tools.js'
import { encodeBtf } from './encode.js'
import { EVERY_KIND } from './every_kind.js'
import { bpftoolDump, ourDump } from './raw_dump.js'

const directory = mkdtempSync(join(tmpdir(), 'ksight-btf-'))
afterAll(() => rmSync(directory, { recursive: true }))

const blob = encodeBtf(EVERY_KIND)
const btf = new Btf(blob)

test.skipIf(!hasTools('bpftool'))('every kind is what bpftool shows', () => {
  const path = join(directory, 'every_kind.btf')
  writeFileSync(path, blob)
  expect(ourDump(btf)).toBe(bpftoolDump(path))
  const kinds = new Set(['void', ...Array.from(btf.types(), ({ kind }) => kind)])
  expect([...kinds].sort()).toEqual([...KIND_NAMES].sort())
})

test('finds by name and kind', () => {
  expect(btf.find('outer')?.kind).toBe('struct')
  expect(btf.find('outer', 'union')).toBeUndefined()
  expect(btf.find('print', 'func', 'func_proto')?.id).toBe(20)
  expect([...btf.findAll('')]).toEqual([])
  expect(() => btf.get('pront', 'func')).toThrow(/no func pront: .*did you mean print/)
})

test('looks through typedefs, qualifiers and tags', () => {
  expect(btf.resolve(17)).toMatchObject({ kind: 'int', name: 'int' })
  expect(btf.resolve(30)).toMatchObject({ kind: 'int', name: 'int' })
  expect(btf.resolve(18)).toMatchObject({ kind: 'ptr', type: 0 })
})

test('knows sizes', () => {
  const sizes = { 0: 0, 3: 1, 4: 16, 5: 8, 6: 0, 7: 16, 9: 16, 10: 36, 17: 4, 20: 0, 23: 4, 25: 24 }
  for (const [id, size] of Object.entries(sizes)) expect(btf.sizeOf(Number(id))).toBe(size)
})

test('finds members within anonymous ones', () => {
  const outer = btf.get('outer', 'struct')
  const flat = Array.from(btf.flatMembers(outer), ({ name, bitOffset }) => [name, bitOffset])
  expect(flat).toEqual([
    ['first', 0],
    ['number', 32],
    ['text', 32],
    ['a', 160],
    ['b', 191],
    ['c', 168],
  ])
  expect(btf.findMember(outer, 'b')).toMatchObject({ bitSize: 1, owner: { name: 'bits' } })
  expect(btf.findMember(outer, 'either')).toBeUndefined()
})

test('pointers are as wide as a long', () => {
  const pointer = [['', 2 << 24, 0]] as const
  const long = (size: number) => ['long unsigned int', 1 << 24, size, size * 8] as const
  expect(new Btf(encodeBtf(pointer)).sizeOf(1)).toBe(8)
  expect(new Btf(encodeBtf([...pointer, long(4)])).sizeOf(1)).toBe(4)
  expect(new Btf(encodeBtf([...pointer, long(8)])).sizeOf(1)).toBe(8)
})
