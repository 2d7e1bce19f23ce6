import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BtfBuilder } from '../../src/bpf/btf_builder.js'

test('bpftool reads what is built', () => {
  const builder = new BtfBuilder()
  const int = builder.int('int', 4)
  const long = builder.int('long int', 8)
  const proto = builder.funcProto(int, [long, int])
  builder.func('callback', proto)
  const folder = mkdtempSync(join(tmpdir(), 'ksight-btf-'))
  try {
    const file = join(folder, 'btf')
    writeFileSync(file, builder.encode())
    const dump = execFileSync('bpftool', ['btf', 'dump', 'file', file, '-j'], { encoding: 'utf8' })
    expect(JSON.parse(dump).types).toEqual([
      expect.objectContaining({ id: 1, kind: 'INT', name: 'int', size: 4, encoding: 'SIGNED' }),
      expect.objectContaining({ id: 2, kind: 'INT', name: 'long int', size: 8, nr_bits: 64 }),
      expect.objectContaining({
        id: 3,
        kind: 'FUNC_PROTO',
        ret_type_id: 1,
        params: [expect.objectContaining({ type_id: 2 }), expect.objectContaining({ type_id: 1 })],
      }),
      expect.objectContaining({
        id: 4,
        kind: 'FUNC',
        name: 'callback',
        type_id: 3,
        linkage: 'static',
      }),
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
