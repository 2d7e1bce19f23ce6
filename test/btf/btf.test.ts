import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Btf } from '../../src/btf/btf.js'

test('finds task_struct in the running kernel', () => {
  const btf = new Btf(readFileSync('/sys/kernel/btf/vmlinux'))
  const task = btf.get('task_struct', 'struct')
  expect(btf.findMember(task, 'pid')?.bitSize).toBe(0)
  expect(() => btf.get('task_strukt')).toThrow(/did you mean task_struct/)
})
