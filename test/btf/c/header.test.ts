import { describe, expect, test } from 'vitest'
import type { Btf } from '../../../src/btf/btf.js'
import { printHeader } from '../../../src/btf/c/header.js'
import type { BtfType } from '../../../src/btf/kinds.js'
import { compiledLayouts, expectedLayout } from '../../support/btf_compiler.js'
import { canTest, KERNELS, kernelBtf, run } from '../../support/btf_kernels.js'
import { memberBits, type NamedStruct, namedStructs } from '../../support/btf_structs.js'

/** The structs that a compiler, given a header, lays out in another way than BTF says. */
function mislaid(btf: Btf, id: string, header: string, structs: readonly NamedStruct[]) {
  const wanted = structs.map((struct) => ({ ...struct, members: memberBits(btf, struct.type) }))
  const compiled = compiledLayouts(id, header, wanted)
  let at = 0
  const wrong = wanted.filter(({ type, members }) => {
    const expected = expectedLayout(type.size, members)
    const actual = compiled.slice(at, at + expected.length)
    at += expected.length
    return actual.join() !== expected.join()
  })
  expect(at).toBe(compiled.length)
  return wrong
}

describe.each(KERNELS)('the types of kernel %s', (kernel) => {
  test.skipIf(!canTest(kernel, 'gcc'))('lie where gcc puts those of our header', async () => {
    const { btf } = await kernelBtf(kernel)
    const structs = namedStructs(btf)
    expect(structs.length).toBeGreaterThan(7000)
    expect(mislaid(btf, 'ours', [...printHeader(btf)].join(''), structs)).toEqual([])
  })

  const canCompare = canTest(kernel, 'gcc', 'bpftool')
  test.skipIf(!canCompare)("lie where gcc puts those of bpftool's header", async () => {
    const { btf, file } = await kernelBtf(kernel)
    // bpftool numbers equal tags in another order, so that names do not tell them apart; its raw dump
    // of all types is compared elsewhere.
    const structs = namedStructs(btf).filter(({ clashes }) => !clashes)
    const header = run('bpftool', 'btf', 'dump', 'file', file, 'format', 'c')
    const wrong = mislaid(btf, 'bpftool', header, structs)
    expect(wrong.filter(({ type }) => !contains(btf, type, isLostByBpftool))).toEqual([])
    expect(wrong.length).toBeLessThan(structs.length / 100)
  })
})

/** bpftool 7.1 writes neither the size of an enum nor that a union is packed. */
function isLostByBpftool(btf: Btf, type: BtfType): boolean {
  if (type.kind === 'enum') return type.size !== 4
  if (type.kind !== 'union') return false
  return type.members.some((member) => {
    const inner = btf.resolve(member.type)
    return inner.kind === 'int' && type.size % inner.size !== 0
  })
}

/** Whether a type, or one that it holds, is such. */
function contains(btf: Btf, type: BtfType, is: (btf: Btf, type: BtfType) => boolean): boolean {
  if (is(btf, type)) return true
  if (type.kind === 'array') return contains(btf, btf.resolve(type.type), is)
  if (!('members' in type)) return false
  return type.members.some((member) => contains(btf, btf.resolve(member.type), is))
}
