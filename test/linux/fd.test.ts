import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Fd } from '../../src/linux/fd.js'

const STATUS = '/proc/self/status'

test('reads to the end and closes when its scope ends', () => {
  let number: number
  {
    using fd = new Fd(openSync('/proc/version', 'r'))
    number = fd.number
    const parts: Uint8Array[] = []
    for (;;) {
      const buffer = new Uint8Array(7)
      const count = fd.read(buffer)
      if (count === 0) break
      parts.push(buffer.subarray(0, count))
    }
    expect(Buffer.concat(parts).toString()).toBe(readFileSync('/proc/version', 'utf8'))
  }
  expect(() => readlinkSync(`/proc/self/fd/${number}`)).toThrow('ENOENT')
})

test('closes once, and its number cannot be used again', () => {
  const fd = new Fd(openSync(STATUS, 'r'))
  const { number } = fd
  fd[Symbol.dispose]()
  const other = openSync('/proc/version', 'r')
  expect(other).toBe(number)
  fd[Symbol.dispose]()
  expect(readlinkSync(`/proc/self/fd/${other}`)).toBe('/proc/version')
  closeSync(other)
  expect(() => fd.number).toThrow(`file descriptor ${number}: it is closed already`)
  expect(() => fd.read(new Uint8Array(1))).toThrow('it is closed already')
})

test('a read that fails is a SysError', () => {
  using folder = new Fd(openSync('/proc', 'r'))
  expect(() => folder.read(new Uint8Array(1))).toThrow('read: EISDIR')
})
