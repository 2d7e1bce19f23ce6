import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Dump } from '../../src/dump/dump.js'
import { openDump } from '../../src/dump/open_dump.js'
import { openRaw, qemuGaps } from '../../src/dump/raw.js'
import { FaultError } from '../../src/errors.js'
import { FileSource } from '../../src/files/file_source.js'
import { readBytes } from '../../src/memory/memory.js'
import { BytesSource } from '../support/bytes_source.js'
import { ScratchDirectory } from '../support/files.js'
import {
  Compressor,
  chunkHeader,
  flatten,
  hasCompressors,
  PAGE_SIZE,
  writeKdump,
} from './kdump_writer.js'
import {
  EXISTING,
  imageOf,
  MAX_MAPNR,
  sampleElf,
  sampleLime,
  samplePages,
  VMCOREINFO,
} from './sample.js'

const scratch = new ScratchDirectory()
afterAll(() => scratch[Symbol.dispose]())

const pages = samplePages()

const open = (bytes: Uint8Array) => openDump(new BytesSource(bytes))

/** Every page of the sample is there, and every other is a fault that says why. */
function expectSample(dump: Dump, why: (pfn: number) => string | RegExp): void {
  for (let pfn = 0; pfn <= MAX_MAPNR; pfn++) {
    const address = BigInt(pfn * PAGE_SIZE)
    const page = pages.get(pfn)
    if (page !== undefined) {
      expect(Buffer.compare(readBytes(dump.physical, address, PAGE_SIZE), page)).toBe(0)
      continue
    }
    const [fault] = dump.physical.gather([{ address: address + 5n, length: 3 }])
    expect(fault).toBeInstanceOf(FaultError)
    expect((fault as FaultError).address).toBe(address + 5n)
    expect((fault as FaultError).why).toMatch(why(pfn))
  }
}

const whyNot = (pfn: number) =>
  EXISTING.includes(pfn) ? 'makedumpfile excluded the page, dump level 31' : 'there is no RAM'

describe.skipIf(!hasCompressors)('kdump files (needs liblzo2, libsnappy, libzstd)', () => {
  let compressor: Compressor
  beforeAll(() => {
    compressor = new Compressor(scratch.path)
  })

  const kdump = (how: Parameters<typeof imageOf>[1], more: object = {}) =>
    writeKdump({ ...imageOf(pages, how, compressor), dumpLevel: 31, ...more })

  test.each(['none', 'zlib', 'lzo', 'snappy', 'zstd'] as const)('compressed: %s', (how) => {
    const dump = open(kdump(how))
    expect(dump).toMatchObject({
      format: `kdump (${how === 'none' ? 'not compressed' : how})`,
      machine: 'x86_64',
      vmcoreinfo: VMCOREINFO,
      uts: { nodename: 'node', release: '1.2.3', version: '#1' },
      incomplete: undefined,
      ranges: [
        { address: 0n, length: 7n * 4096n },
        { address: 40n * 4096n, length: 4n * 4096n },
        { address: 100n * 4096n, length: 4096n },
      ],
    })
    expect(dump.cpus).toHaveLength(1)
    expect(dump.cpus[0]).toMatchObject({ cpu: 0, pid: 32 })
    expect(dump.cpus[0]!.registers.get('r15')).toBe(112n)
    expect(dump.cpus[0]!.registers.get('gs')).toBe(320n)
    expectSample(dump, whyNot)
  })

  test.each([
    { version: 1 },
    { version: 3 },
    { version: 5 },
    { version: 6, bits: 32, machine: 'i686' },
    { version: 6, bits: 32, machine: 'armv7l' },
    { version: 4, bits: 32, machine: 'i686' },
    { version: 6, littleEndian: false, machine: 's390x' },
    { version: 6, littleEndian: false, bits: 32, machine: 'ppc' },
  ])(
    'header %o',
    (header) => {
      const dump = open(kdump('lzo', header))
      expect(dump.machine).toBe(header.machine ?? 'x86_64')
      expect(dump.incomplete).toBeUndefined()
      if (header.littleEndian !== false) {
        expect(dump.vmcoreinfo).toBe(header.version >= 4 ? VMCOREINFO : undefined)
      }
      expectSample(dump, whyNot)
    },
    10_000,
  )

  test('of zero pages excluded and nothing else, the bytes are known', () => {
    const dump = open(kdump('zlib', { dumpLevel: 1 }))
    expect(readBytes(dump.physical, 3n * 4096n, 4096)).toEqual(new Uint8Array(4096))
    expect(() => readBytes(dump.physical, 7n * 4096n, 1)).toThrow('there is no RAM')
  })

  test('in the flattened form, in whatever order', () => {
    for (const size of [100, 4096, 1 << 20])
      expectSample(open(flatten(kdump('snappy'), size)), whyNot)
  })

  test('a part of the flattened form that was written twice is as it was written last', () => {
    const file = kdump('none')
    const end = chunkHeader(-1, -1)
    const wrong = Buffer.alloc(300, 0xee)
    const flat = flatten(file, 5000).subarray(0, -16)
    const at = file.length - 2000
    const again = Buffer.concat([chunkHeader(at, 900), file.subarray(at, at + 900)])
    const over = Buffer.concat([flat, chunkHeader(at + 300, 300), wrong, again, end])
    expectSample(open(over), whyNot)
  })

  test('cut off at its end, says so, and faults there only', () => {
    const file = kdump('none')
    const dump = open(file.subarray(0, -100))
    expect(dump.incomplete).toBe('image is cut off: pages are missing at its end')
    expect(readBytes(dump.physical, 43n * 4096n, 4096)).toEqual(new Uint8Array(pages.get(43)!))
    expect(() => readBytes(dump.physical, 409600n, 1)).toThrow(
      'cannot read memory at 0x64000: image is cut off, and the page would be in what is missing',
    )
  })

  test('a fault names the first address that has no memory', () => {
    const { physical } = open(kdump('zstd'))
    expect(() => physical.read(2n * 4096n + 4000n, new Uint8Array(200))).toThrow(
      'cannot read memory at 0x3000: makedumpfile excluded the page, dump level 31',
    )
  })

  test('a page whose data is damaged is a fault that says so', () => {
    const file = kdump('zlib')
    file[file.length - 40]! ^= 0x10
    expect(() => readBytes(open(file).physical, 409600n, 1)).toThrow(
      /its page in image is damaged: /,
    )
  })
})

test('an ELF file', () => {
  const dump = open(sampleElf(pages))
  expect(dump).toMatchObject({ format: 'ELF vmcore', machine: 'x86_64', vmcoreinfo: VMCOREINFO })
  expectSample(dump, () => 'image has no memory there')
})

test('LiME', () => {
  const dump = open(sampleLime(pages))
  expect(dump).toMatchObject({ format: 'LiME', machine: undefined, incomplete: undefined })
  expectSample(dump, () => 'image has no memory there')
})

test('raw memory with a gap', () => {
  const source = new BytesSource(Uint8Array.from({ length: 100 }, (_, i) => i))
  const { physical, ranges } = openRaw(source, { start: 40n, end: 1000n })
  expect(ranges).toEqual([
    { address: 0n, length: 40n },
    { address: 1000n, length: 60n },
  ])
  expect([...readBytes(physical, 39n, 1), ...readBytes(physical, 1000n, 2)]).toEqual([39, 40, 41])
  expect(() => readBytes(physical, 30n, 20)).toThrow('0x28: image has no memory there')
  expect(qemuGaps(2 ** 31)).toEqual([])
  expect(qemuGaps(2 ** 32)).toEqual([
    { start: 2n ** 31n, end: 2n ** 32n },
    { start: 3n << 30n, end: 2n ** 32n },
  ])
})

test.each([
  ['an empty file', Buffer.alloc(0), 'the file is empty'],
  [
    'a compressed file',
    Buffer.from('1f8b0800', 'hex'),
    'it is compressed with gzip: unpack it first',
  ],
  ['a diskdump', Buffer.from(`DISKDUMP${'\0'.repeat(500)}`), 'it was written by diskdump'],
])('%s is refused', (_, bytes, why) => {
  expect(() => open(bytes)).toThrow(why)
})

test('files that are not of one image are refused', () => {
  const sources = [sampleElf(pages), sampleElf(pages)].map((bytes) => new BytesSource(bytes))
  expect(() => openDump(...(sources as [BytesSource, BytesSource]))).toThrow(
    'no file of a split image',
  )
})

describe('files of 100 GiB', () => {
  const SIZE = 100 * 2 ** 30
  const text = Buffer.from('the last page')

  /** A sparse file of that size. */
  function sparse(name: string, parts: readonly [at: number, bytes: Uint8Array][]): FileSource {
    const path = join(scratch.path, name)
    const file = openSync(path, 'w')
    ftruncateSync(file, SIZE)
    for (const [at, bytes] of parts) writeSync(file, bytes, 0, bytes.length, at)
    closeSync(file)
    return new FileSource(path)
  }

  /** Opens at once, and the last page is found. */
  function expectAtOnce(source: FileSource, address: bigint): void {
    const heap = process.memoryUsage()
    const start = performance.now()
    const dump = openDump(source)
    expect(`${Buffer.from(readBytes(dump.physical, address, text.length))}`).toBe(`${text}`)
    expect(dump.incomplete).toBeUndefined()
    expect(performance.now() - start).toBeLessThan(1000)
    const now = process.memoryUsage()
    expect(now.heapUsed + now.arrayBuffers - heap.heapUsed - heap.arrayBuffers).toBeLessThan(50e6)
    source[Symbol.dispose]()
  }

  test('raw', () => expectAtOnce(sparse('raw', [[SIZE - 4096, text]]), BigInt(SIZE - 4096)))

  test('ELF', () => {
    const page = new Map([[0, new Uint8Array(PAGE_SIZE)]])
    const start = sampleElf(page).subarray(0, -PAGE_SIZE)
    const length = BigInt(SIZE - start.length)
    start.writeBigUInt64LE(length, 64 + 56 + 32)
    start.writeBigUInt64LE(length, 64 + 56 + 40)
    expectAtOnce(
      sparse('elf', [
        [0, start],
        [SIZE - 100, text],
      ]),
      length - 100n,
    )
  })

  test('kdump, every page dumped', () => {
    const maxMapnr = SIZE / PAGE_SIZE
    const image = { pages: new Map(), existing: [], maxMapnr, compression: 'zlib' } as const
    const start = writeKdump(image)
    // Behind the header and the sub header are the bitmaps.
    start.fill(0xff, 2 * PAGE_SIZE)
    const last = Buffer.alloc(24 * 1024)
    for (let at = 0; at < last.length; at += 24) {
      last.writeBigUInt64LE(BigInt(SIZE - PAGE_SIZE), at)
      last.writeUInt32LE(PAGE_SIZE, at + 8)
    }
    const lastAt = start.length + 24 * maxMapnr - last.length
    const parts: [number, Uint8Array][] = [
      [0, start],
      [lastAt, last],
      [SIZE - PAGE_SIZE, text],
    ]
    expectAtOnce(sparse('kdump', parts), BigInt(SIZE - PAGE_SIZE))
  })
})
