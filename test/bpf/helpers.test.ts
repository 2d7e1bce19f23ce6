import { expect, test } from 'vitest'
import { HELPERS } from '../../src/bpf/helpers.js'
import { Btf } from '../../src/btf/btf.js'
import { readSysfs } from '../../src/linux/sysfs.js'

test('the ids of helpers are those of the kernel', () => {
  const btf = new Btf(readSysfs('/sys/kernel/btf/vmlinux'))
  const { values } = btf.get('bpf_func_id', 'enum', 'enum64')
  const theirs = values.map(({ name, value }) => [name.replace('BPF_FUNC_', ''), value])
  const last = theirs.length - 1
  expect(theirs[last]).toEqual(['__MAX_ID', last])
  expect(theirs.slice(1, last)).toEqual(Object.entries(HELPERS))
})
