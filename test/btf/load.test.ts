import { expect, test } from 'vitest'
import { Btf } from '../../src/btf/btf.js'
import { debianBtf, debianModuleBtf } from '../support/debian_kernel.js'

for (const version of ['6.1', '6.12'] as const) {
  test(`BTF of ${version}`, async () => {
    const base = new Btf(await debianBtf(version))
    expect(base.get('task_struct', 'struct').size).toBeGreaterThan(1000)
    const module = new Btf(await debianModuleBtf(version, 'overlay'), { base })
    expect(module.find('ovl_fs', 'struct')?.members.length).toBeGreaterThan(3)
  })
}
