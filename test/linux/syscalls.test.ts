import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { SYSCALL_NUMBERS } from '../../src/linux/syscalls.js'

/** The numbers of a header of the kernel, as the C preprocessor expands them. */
function headerNumbers(header: string, names: readonly string[]) {
  const lines = names.map((name) => `${name} __NR_${name}`)
  const input = [`#include <${header}>`, ...lines].join('\n')
  const output = execFileSync('gcc', ['-E', '-P', '-'], { input, encoding: 'utf8' })
  return Object.fromEntries(
    output
      .trim()
      .split('\n')
      .slice(-names.length)
      .map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]),
  )
}

test.each([
  ['x64', 'asm/unistd_64.h'],
  ['arm64', 'asm-generic/unistd.h'],
])('system call numbers of %s are those of %s', (arch, header) => {
  const numbers = SYSCALL_NUMBERS[arch]!
  expect(headerNumbers(header, Object.keys(numbers))).toEqual(numbers)
})
