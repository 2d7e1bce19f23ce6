import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { PermissionError, UsageError } from '../../src/errors.js'
import { FileSource } from '../../src/files/file_source.js'
import { ScratchDirectory } from '../support/files.js'
import { hasTools, isRoot } from '../support/tools.js'

const scratch = new ScratchDirectory()
afterAll(() => scratch[Symbol.dispose]())
const path = (name: string) => join(scratch.path, name)

test('reads any part of a file, and fewer bytes at its end', () => {
  using source = new FileSource('package-lock.json')
  const content = readFileSync('package-lock.json')
  expect(source.size).toBe(content.length)
  for (const [at, length] of [
    [0, 10],
    [1000, 30_000],
    [content.length - 5, 100],
  ] as const) {
    const into = new Uint8Array(length)
    const count = source.read(at, into)
    expect(Buffer.compare(into.subarray(0, count), content.subarray(at, at + length))).toBe(0)
  }
  expect(source.read(content.length, new Uint8Array(1))).toBe(0)
})

test('what cannot be read is told in one line', () => {
  const open = (name: string) => () => new FileSource(name)
  expect(open(path('none'))).toThrow(`cannot read ${path('none')}: there is no such file`)
  expect(open(scratch.path)).toThrow(`cannot read ${scratch.path}: it is a directory`)
  execFileSync('mkfifo', [path('pipe')])
  expect(open(path('pipe'))).toThrow('it is neither a file nor a block device')
  expect(open('/dev/null')).toThrow('it is neither a file nor a block device')
})

test.skipIf(!isRoot)('a file of somebody else is refused (needs root)', () => {
  writeFileSync(path('secret'), 'secret')
  chmodSync(scratch.path, 0o755)
  chmodSync(path('secret'), 0o600)
  process.seteuid!(65534)
  try {
    expect(() => new FileSource(path('secret'))).toThrow(PermissionError)
  } finally {
    process.seteuid!(0)
  }
})

test('nothing is read once it is closed', () => {
  const source = new FileSource('package.json')
  source[Symbol.dispose]()
  source[Symbol.dispose]()
  expect(() => source.read(0, new Uint8Array(1))).toThrow(UsageError)
})

describe.skipIf(!isRoot || !hasTools('losetup'))('a block device (needs root, losetup)', () => {
  test('has the size of the file that it shows', () => {
    writeFileSync(path('disk'), randomBytes(2411 * 512))
    const device = `${execFileSync('losetup', ['-f', '--show', path('disk')])}`.trim()
    try {
      using source = new FileSource(device)
      expect(source.size).toBe(2411 * 512)
      const end = new Uint8Array(20)
      expect(source.read(source.size - 10, end)).toBe(10)
      expect([...end.subarray(0, 10)]).toEqual([...readFileSync(path('disk')).subarray(-10)])
    } finally {
      execFileSync('losetup', ['-d', device])
    }
  })
})
