import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readSysfs } from '../../src/linux/sysfs.js'

test.each(['/sys/kernel/btf/vmlinux', '/sys/kernel/notes'])('reads %s', (path) => {
  expect(Buffer.from(readSysfs(path)).equals(readFileSync(path))).toBe(true)
})

test('a file that does not exist is the usual error', () => {
  expect(() => readSysfs('/sys/kernel/btf/none')).toThrow('ENOENT')
})
