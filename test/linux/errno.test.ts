import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { KsightError } from '../../src/errors.js'
import { SysError } from '../../src/linux/errno.js'
import { syscall } from '../../src/linux/ffi.js'

test('names every errno as the C library does', () => {
  const program = 'import errno, json; print(json.dumps(errno.errorcode))'
  const codes = JSON.parse(execFileSync('python3', ['-c', program], { encoding: 'utf8' }))
  const aliases = new Map([
    ['EWOULDBLOCK', 'EAGAIN'],
    ['EDEADLOCK', 'EDEADLK'],
    ['ENOTSUP', 'EOPNOTSUPP'],
  ])
  const plain = (name: string) => aliases.get(name) ?? name
  let known = 0
  for (const [number, name] of Object.entries<string>(codes)) {
    const { code } = new SysError('read', Number(number))
    if (code.startsWith('errno ')) continue
    expect(plain(code)).toBe(plain(name))
    known++
  }
  expect(known).toBeGreaterThan(75)
})

test('a failed system call throws with errno, code and name', () => {
  try {
    syscall('close', -1)
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(SysError)
    expect(error).toBeInstanceOf(KsightError)
    expect(error).toMatchObject({ errno: 9, code: 'EBADF', syscall: 'close', name: 'SysError' })
    expect((error as Error).message).toBe('close: EBADF: bad file descriptor')
  }
})

test('the errno that only bpf(2) leaks out of the kernel has a name', () => {
  expect(new SysError('bpf', 524).message).toBe('bpf: ENOTSUPP: operation is not supported')
})
