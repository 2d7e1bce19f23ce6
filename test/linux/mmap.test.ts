import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Fd } from '../../src/linux/fd.js'
import { Mapping } from '../../src/linux/mmap.js'
import { CompiledProject } from './child.js'

let folder: string
let file: string
let project: CompiledProject

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ksight-mmap-'))
  file = join(folder, 'file')
  project = new CompiledProject()
})

afterAll(() => {
  rmSync(folder, { recursive: true })
  project[Symbol.dispose]()
})

const maps = () => readFileSync('/proc/self/maps', 'utf8')

test('maps a file, shared: what is written arrives in it', () => {
  writeFileSync(file, 'a'.repeat(10_000))
  using fd = new Fd(openSync(file, 'r+'))
  using mapping = new Mapping(fd.number, 10_000, { writable: true })
  expect(mapping.bytes.length).toBe(10_000)
  mapping.bytes.fill(0x62)
  expect(readFileSync(file, 'utf8')).toBe('b'.repeat(10_000))
  using second = new Mapping(fd.number, 100, { offset: 4096, shared: false })
  expect(Buffer.from(second.bytes).toString()).toBe('b'.repeat(100))
})

test('disposal lets go of the file, and what was taken from it before reads as zero', () => {
  writeFileSync(file, 'secret'.repeat(1000))
  using fd = new Fd(openSync(file, 'r'))
  const mapping = new Mapping(fd.number, 6000)
  const { bytes } = mapping
  const part = bytes.subarray(6, 12)
  expect(Buffer.from(part).toString()).toBe('secret')
  expect(maps()).toContain(file)
  mapping[Symbol.dispose]()
  mapping[Symbol.dispose]()
  expect(maps()).not.toContain(file)
  expect(mapping.bytes.length).toBe(0)
  expect(part).toEqual(new Uint8Array(6))
  bytes.fill(1)
  expect(part).toEqual(new Uint8Array(6).fill(1))
})

test('a mapping that fails says why', () => {
  using fd = new Fd(openSync(file, 'r'))
  expect(() => new Mapping(fd.number, 4096, { writable: true })).toThrow('mmap: EACCES')
  expect(() => new Mapping(fd.number, 0)).toThrow('mmap: EINVAL')
  expect(() => new Mapping(-1, 4096)).toThrow('mmap: EBADF')
})

test('address space is given back once no array over it is left', () => {
  const script = `
    import { openSync, readFileSync } from 'node:fs'
    import { Mapping } from './dist/linux/mmap.js'
    const fd = openSync('${file}', 'r')
    const size = () => Number(/VmSize:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1])
    const round = async () => {
      for (let i = 0; i < 100; i++) {
        const mapping = new Mapping(fd, 16 << 20)
        if (i % 2) mapping[Symbol.dispose]()
      }
      const before = size()
      for (let i = 0; i < 10; i++) { gc(); await new Promise((done) => setTimeout(done, 10)) }
      return before - size()
    }
    await round()
    console.log(Math.round(await round() / (16 << 10)))`
  const freed = Number(project.run(script))
  expect(freed).toBeGreaterThanOrEqual(90)
  expect(freed).toBeLessThanOrEqual(101)
})
