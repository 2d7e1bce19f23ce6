import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { syscallName } from '../../src/kernel/syscall_names.js'
import { hasTools } from '../support/tools.js'

const MACROS = '#include <asm/unistd_64.h>'

test.skipIf(!hasTools('gcc') || process.arch !== 'x64')(
  'system calls of x86-64 have the names of <asm/unistd_64.h> (needs gcc)',
  () => {
    const text = execFileSync('gcc', ['-E', '-dM', '-'], { input: MACROS, encoding: 'utf8' })
    const theirs = [...text.matchAll(/^#define __NR_(\w+) (\d+)$/gm)]
    expect(theirs.length).toBeGreaterThan(350)
    for (const [, name, number] of theirs) expect(syscallName(Number(number))).toBe(name)
  },
)

test('a number that is not known, and a call of the x32 ABI', () => {
  expect(syscallName(400)).toBe('syscall_400')
  expect(syscallName(9999)).toBe('syscall_9999')
  expect(syscallName(0x4000_0000 + 39)).toBe('getpid')
})
