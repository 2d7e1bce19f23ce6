import { describe, expect, test } from 'vitest'
import { printType } from '../../../src/btf/c/print_type.js'
import { canTest, KERNELS, kernelBtf, run } from '../../support/btf_kernels.js'
import { parsePahole } from '../../support/btf_pahole.js'
import { namedStructs } from '../../support/btf_structs.js'

describe.each(KERNELS)('the structs of kernel %s', (kernel) => {
  test.skipIf(!canTest(kernel, 'pahole'))(
    'have the places, holes and sums that pahole finds',
    async () => {
      const { btf, file } = await kernelBtf(kernel)
      const named = namedStructs(btf)
      const text = named.map(({ type }) => printType(btf, type)).join('')
      const ours = parsePahole(text)
      const theirs = parsePahole(run('pahole', file))
      // Of structs that share a name, pahole leaves some out.
      const clashes = new Set(named.filter((one) => one.clashes).map(({ type }) => type.name))
      expect(named.length).toBeGreaterThan(7000)
      expect([...theirs.keys()].sort()).toEqual([...ours.keys()].sort())
      const differing = [...ours].filter(([name, texts]) => {
        const wanted = theirs.get(name)!
        if (clashes.has(name)) return !wanted.every((one) => texts.includes(one))
        return wanted.join() !== texts.join()
      })
      expect(differing.map(([name, texts]) => [name, texts, theirs.get(name)])).toEqual([])
    },
  )
})
