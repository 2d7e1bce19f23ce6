import { expect, test } from 'vitest'
import { Btf } from '../../../src/btf/btf.js'
import { printHeader } from '../../../src/btf/c/header.js'
import { printType } from '../../../src/btf/c/print_type.js'
import { btfBytes } from '../../support/btf_bytes.js'
import { compiledLayouts, expectedLayout } from '../../support/btf_compiler.js'
import { memberBits, namedStructs } from '../../support/btf_structs.js'
import { hasTools } from '../../support/tools.js'

const SOURCE =
  'struct old { unsigned int a : 3, b : 5; unsigned int : 8; unsigned int c : 9; unsigned int d; };'

/** An int as encoders before Linux 5.0 wrote that of a bit-field. */
const bits = (count: number, offset = 0) => ({
  kind: 1,
  name: 'unsigned int',
  sizeOrType: 4,
  rest: [(offset << 16) | count],
})

test.skipIf(!hasTools('gcc'))('bit-fields of old kernels lie where gcc puts them', () => {
  const types = [
    bits(32),
    bits(3),
    // Its place may be in the member, in the int, or partly in both.
    bits(5, 3),
    bits(9, 8),
    { kind: 8, name: 'nine', sizeOrType: 4 },
    {
      kind: 4,
      name: 'old',
      vlen: 4,
      sizeOrType: 8,
      rest: ['a', 2, 0, 'b', 3, 0, 'c', 5, 8, 'd', 1, 32],
    },
  ]
  const btf = new Btf(btfBytes(types))
  const structs = namedStructs(btf)
  const wanted = structs.map(({ type, name }) => ({ name, members: memberBits(btf, type) }))
  const original = compiledLayouts('original', SOURCE, wanted)
  expect(compiledLayouts('ours', [...printHeader(btf)].join(''), wanted)).toEqual(original)
  expect(expectedLayout(8, wanted[0]!.members)).toEqual(original)
  expect(printType(btf, structs[0]!.type)).toContain('/* XXX 8 bits hole */')
})
