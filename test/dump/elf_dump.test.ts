import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Dump } from '../../src/dump/dump.js'
import { openDump } from '../../src/dump/open_dump.js'
import { readBytes } from '../../src/memory/memory.js'
import { BytesSource } from '../support/bytes_source.js'
import { ScratchDirectory } from '../support/files.js'
import { hasTools } from '../support/tools.js'
import { type Load, writeElf } from './elf_writer.js'

const scratch = new ScratchDirectory()
afterAll(() => scratch[Symbol.dispose]())

const data = randomBytes(4096)
const open = (bytes: Uint8Array): Dump => openDump(new BytesSource(bytes))
const elf = (loads: readonly Load[], options = {}) => open(writeElf(loads, options))
const ALL_ONES = 2n ** 64n - 1n

test('a 32-bit file', () => {
  const loads = [{ paddr: 0x10000n, vaddr: 0xc0010000n, data }]
  const dump = elf(loads, { bits: 32, machine: 3 })
  expect(dump.machine).toBe('i686')
  expect(dump.mappings).toEqual([{ virtual: 0xc0010000n, physical: 0x10000n, length: 4096n }])
  expect(readBytes(dump.physical, 0x10ff0n, 16)).toEqual(new Uint8Array(data.subarray(-16)))
})

test('the kernel’s own mappings are told, as kdump’s /proc/vmcore has them', () => {
  const loads = [
    { paddr: 0x2000n, vaddr: 0xffffffff81002000n, data },
    { paddr: 0x1000n, vaddr: 0xffff888000001000n, data: Buffer.concat([randomBytes(4096), data]) },
  ]
  const dump = elf(loads)
  expect(dump.mappings).toEqual([
    { virtual: 0xffffffff81002000n, physical: 0x2000n, length: 4096n },
    { virtual: 0xffff888000001000n, physical: 0x1000n, length: 8192n },
  ])
  expect(dump.ranges).toEqual([{ address: 0x1000n, length: 8192n }])
})

test('what has no physical address, as parts of /proc/kcore, is left out', () => {
  const dump = elf([
    { paddr: ALL_ONES, vaddr: 0xffffc90000000000n, data },
    { paddr: 0x5000n, vaddr: 0xffff888000005000n, data },
  ])
  expect(dump.ranges).toEqual([{ address: 0x5000n, length: 4096n }])
  expect(dump.mappings).toHaveLength(1)
})

test('what is in memory only are zeros, but where another segment has something', () => {
  const dump = elf([
    { paddr: 0x1000n, data, memsz: 0x3000n },
    { paddr: 0x2000n, data },
  ])
  expect(dump.ranges).toEqual([{ address: 0x1000n, length: 0x3000n }])
  expect(readBytes(dump.physical, 0x2000n, 4096)).toEqual(new Uint8Array(data))
  expect(readBytes(dump.physical, 0x3000n, 4096)).toEqual(new Uint8Array(4096))
})

test('a file that was cut off says how much is missing', () => {
  const dump = open(writeElf([{ paddr: 0x1000n, data }]).subarray(0, -1000))
  expect(dump.incomplete).toBe('the file is cut off: 1000 bytes of memory are missing')
  expect(readBytes(dump.physical, 0x1000n, 3096)).toEqual(new Uint8Array(data.subarray(0, 3096)))
  expect(() => readBytes(dump.physical, 0x1000n, 4096)).toThrow('cannot read memory at 0x1c18: ')
})

describe.skipIf(!hasTools('readelf'))(
  'with more segments than 16 bits count (needs readelf)',
  () => {
    test.each([32, 64] as const)('%i bits', (bits) => {
      const loads = Array.from({ length: 70_000 }, (_, i) => {
        return { paddr: BigInt(8192 * i), data: data.subarray(i % 100, (i % 100) + 16) }
      })
      const bytes = writeElf(loads, { bits })
      const path = join(scratch.path, 'many')
      writeFileSync(path, bytes)
      expect(`${execFileSync('readelf', ['-hW', path])}`).toContain('65535 (70001)')
      const dump = open(bytes)
      expect(dump.ranges).toHaveLength(70_000)
      const found = readBytes(dump.physical, 8192n * 69_999n, 16)
      expect(found).toEqual(new Uint8Array(data.subarray(99, 115)))
    })
  },
)

describe.skipIf(!hasTools('gdb'))('other ELF files (needs gdb)', () => {
  test('the core file of a process is refused', () => {
    const core = join(scratch.path, 'core')
    const steps = ['-ex', 'starti', '-ex', `gcore ${core}`, '-ex', 'kill']
    execFileSync('gdb', ['-batch', ...steps, '/bin/true'], { stdio: 'ignore' })
    const bytes = execFileSync('cat', [core], { maxBuffer: 2 ** 28 })
    expect(() => open(bytes)).toThrow('its program headers give virtual addresses only')
  })

  test('a program is refused', () => {
    const bytes = execFileSync('cat', ['/bin/true'])
    expect(() => open(bytes)).toThrow(
      'cannot open image as a memory image: it is an ELF file of type 3',
    )
  })
})
