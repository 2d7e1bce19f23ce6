import { expect, test } from 'vitest'
import { Btf } from '../../../src/btf/btf.js'
import { describeType, type MemberDescription } from '../../../src/btf/c/describe_type.js'
import { printHeader } from '../../../src/btf/c/header.js'
import { compiledLayouts, expectedLayout } from '../../support/btf_compiler.js'
import { run, scratchFile } from '../../support/btf_kernels.js'
import { memberBits, namedStructs } from '../../support/btf_structs.js'
import { canMakeTrickyBtf, trickyBtf, trickySource } from '../../support/btf_tricky.js'

function tricky() {
  const btf = new Btf(trickyBtf())
  // The source cannot name what the compiler has built in.
  const structs = namedStructs(btf).filter(({ type }) => type.name !== '__va_list_tag')
  return { btf, structs }
}

const tested = test.skipIf(!canMakeTrickyBtf)

tested('gcc lays our header out as the source that pahole made BTF of', () => {
  const { btf, structs } = tricky()
  const wanted = structs.map(({ type, name }) => ({ name, members: memberBits(btf, type) }))
  expect(wanted.length).toBe(26)
  const original = compiledLayouts('original', trickySource(), wanted)
  const ours = compiledLayouts('ours', [...printHeader(btf)].join(''), wanted)
  const told = structs.flatMap(({ type }) => expectedLayout(type.size, memberBits(btf, type)))
  expect(ours).toEqual(original)
  expect(told).toEqual(original)
})

tested("members' types are spelled as C spells them (gcc, pahole)", () => {
  const { btf, structs } = tricky()
  const claims = structs.flatMap(({ type, name }) =>
    (describeType(btf, type).members as MemberDescription[]).flatMap((member) => {
      // A bit-field has no type of its own, nor has an anonymous struct a name for it.
      if (member.bitSize !== undefined || member.type.includes('{')) return []
      const actual = `__typeof__(((${name} *)0)->${member.name})`
      const claim = `__builtin_types_compatible_p(${actual} *, __typeof__(${member.type}) *)`
      return [`_Static_assert(${claim}, "${name}.${member.name}: ${member.type}");`]
    }),
  )
  expect(claims.length).toBeGreaterThan(60)
  const file = scratchFile('claims.c', [trickySource(), ...claims].join('\n'))
  expect(run('gcc', '-fsyntax-only', file)).toBe('')
})
