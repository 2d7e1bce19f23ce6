import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { BpfAttr, bpf } from '../../src/bpf/bpf.js'
import { Btf } from '../../src/btf/btf.js'
import { Fd } from '../../src/linux/fd.js'
import { hasTools, isRoot } from '../support/tools.js'
import { type EncodedType, encodeBtf, info } from './encode.js'

const unsigned = (bits: number, offset = 0): EncodedType => [
  'u32',
  info(1),
  4,
  (offset << 16) | bits,
]

/** A struct in the encoding of before Linux 5.0: it is the int types that are narrow. */
const TYPES: readonly EncodedType[] = [
  unsigned(32), // 1
  unsigned(3), // 2
  unsigned(7), // 3
  unsigned(2, 5), // 4: behind 5 bits of its storage
  ['narrow', info(8), 2], // 5: a typedef
  ['', info(4, 2), 4, 'low', 2, 0, 'high', 3, 9], // 6
  [
    'old',
    info(4, 7),
    16,
    'plain',
    1,
    0,
    'a',
    2,
    32,
    'b',
    3,
    35,
    'c',
    5,
    42,
    'd',
    4,
    64,
    '',
    6,
    96,
    'last',
    3,
    121,
  ],
]
const OLD = 7

/** An array map of one such struct, which bpftool shows by the kernel's copy of the BTF. */
function mapOf(blob: Uint8Array, name: string): { map: Fd; btf: Fd } {
  const btf = new Fd(bpf('BPF_BTF_LOAD', new BpfAttr(28).pointer(0, blob).u32(16, blob.length)))
  const BPF_MAP_TYPE_ARRAY = 2
  const attr = new BpfAttr(60).u32(0, BPF_MAP_TYPE_ARRAY).u32(4, 4).u32(8, 16).u32(12, 1)
  attr.name(28, name).u32(48, btf.number).u32(52, 1).u32(56, OLD)
  return { btf, map: new Fd(bpf('BPF_MAP_CREATE', attr)) }
}

const canRun = isRoot && hasTools('bpftool')

test.runIf(canRun)('bit-fields as before Linux 5.0 are where bpftool shows them (root)', () => {
  const blob = encodeBtf(TYPES)
  const btf = new Btf(blob)
  const members = [...btf.flatMembers(btf.get('old', 'struct'))]
  expect(members.map(({ bitSize }) => bitSize)).toEqual([0, 3, 7, 3, 2, 3, 7, 7])

  const name = `ksight_${process.pid}`
  const { map, btf: loaded } = mapOf(blob, name)
  using _map = map
  using _btf = loaded
  for (let round = 0; round < 20; round++) {
    const value = randomBytes(16)
    const attr = new BpfAttr(32).u32(0, map.number)
    bpf('BPF_MAP_UPDATE_ELEM', attr.pointer(8, new Uint8Array(4)).pointer(16, value))
    const bits = BigInt(`0x${Buffer.from(value).reverse().toString('hex')}`)
    const ours = members.map(({ name, bitOffset, bitSize }) => [
      name,
      Number(BigInt.asUintN(bitSize || 32, bits >> BigInt(bitOffset))),
    ])
    const dump = execFileSync('bpftool', ['-j', 'map', 'dump', 'name', name], { encoding: 'utf8' })
    const { '': anonymous, ...named } = JSON.parse(dump)[0].formatted.value
    const shown = Object.entries({ ...named, ...anonymous })
    expect(Object.fromEntries(ours)).toEqual(
      // It writes bit-fields as hexadecimal text.
      Object.fromEntries(shown.map(([member, number]) => [member, Number(number)])),
    )
  }
})
