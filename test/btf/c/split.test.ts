import { expect, test } from 'vitest'
import { Btf } from '../../../src/btf/btf.js'
import { printHeader } from '../../../src/btf/c/header.js'
import { compiledLayouts, expectedLayout } from '../../support/btf_compiler.js'
import { canTest, kernelBtf } from '../../support/btf_kernels.js'
import { memberBits, namedStructs } from '../../support/btf_structs.js'
import { debianModuleBtf } from '../../support/debian_kernel.js'

test.skipIf(!canTest('6.12', 'gcc')).each(['overlay', 'xfs'])(
  "a header has module %s's types in it, on top of the kernel's (apt, gcc)",
  async (module) => {
    const { btf: base } = await kernelBtf('6.12')
    const btf = new Btf(await debianModuleBtf('6.12', module), { base })

    const own = namedStructs(btf).filter(({ type }) => type.id >= base.count)
    expect(own.length).toBeGreaterThan(5)
    const wanted = own.map(({ type, name }) => ({ name, members: memberBits(btf, type) }))
    const told = own.flatMap(({ type }, i) => expectedLayout(type.size, wanted[i]!.members))
    expect(compiledLayouts('module', [...printHeader(btf)].join(''), wanted)).toEqual(told)
  },
)
