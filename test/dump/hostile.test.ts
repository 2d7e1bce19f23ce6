import fc from 'fast-check'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { openDump } from '../../src/dump/open_dump.js'
import { KsightError } from '../../src/errors.js'
import { BytesSource } from '../support/bytes_source.js'
import { ScratchDirectory } from '../support/files.js'
import { Compressor, flatten, hasCompressors, PAGE_SIZE, writeKdump } from './kdump_writer.js'
import { imageOf, sampleElf, sampleLime, samplePages } from './sample.js'

const scratch = new ScratchDirectory()
afterAll(() => scratch[Symbol.dispose]())

const pages = samplePages()
let compressor: Compressor

const kdump = (how: Parameters<typeof imageOf>[1]) => writeKdump(imageOf(pages, how, compressor))

/** Of each: how to make it, and the parts of it that say how the rest is to be read. */
const IMAGES = [
  ['kdump, zlib', () => kdump('zlib')],
  ['kdump, lzo', () => kdump('lzo')],
  ['kdump, snappy', () => kdump('snappy')],
  ['kdump, zstd', () => kdump('zstd')],
  ['kdump, flattened', () => flatten(kdump('zlib'), 3000)],
  ['ELF', () => sampleElf(pages)],
  ['LiME', () => sampleLime(pages)],
] as const

describe.skipIf(!hasCompressors).each(IMAGES)(
  '%s (needs liblzo2, libsnappy, libzstd)',
  (_, make) => {
    let original: Uint8Array
    let important: number[]
    beforeAll(() => {
      compressor = new Compressor(scratch.path)
      original = new Uint8Array(make())
      important = interesting(original)
    })

    test('cut anywhere, is read, or marked, or refused', () => {
      for (let length = 0; length < original.length; length += length < 1000 ? 1 : 29) {
        use(original.subarray(0, length))
      }
    })

    test('with bytes changed, is read, or refused', () => {
      const value = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255))
      const anywhere = fc.nat(original.length - 1)
      const at = fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...important) },
        { weight: 1, arbitrary: anywhere },
      )
      fc.assert(
        fc.property(fc.array(fc.tuple(at, value), { minLength: 1, maxLength: 6 }), (changes) => {
          const bytes = original.slice()
          for (const [offset, changed] of changes) bytes[offset] = changed
          use(bytes)
        }),
        { numRuns: 3000 },
      )
    })

    test('with any word of what describes it made large, is read or refused', () => {
      const words = [0xffffffffffffffffn, 0x7fffffffffffffffn, 0x0000010000000000n]
      const bytes = original.slice()
      const view = new DataView(bytes.buffer)
      for (const at of important.filter(
        (offset) => offset % 4 === 0 && offset + 8 <= bytes.length,
      )) {
        for (const word of words) {
          view.setBigUint64(at, word, true)
          use(bytes)
        }
        bytes.set(original.subarray(at, at + 8), at)
      }
    })
  },
)

/** What describes an image: the start of each block, and bytes that are not zero or near to such. */
function interesting(image: Uint8Array): number[] {
  const offsets: number[] = []
  for (let at = 0; at < Math.min(image.length, 7 * PAGE_SIZE); at++) {
    const near = image.subarray(Math.max(0, at - 8), at + 8)
    if (at % PAGE_SIZE < 128 || near.some((byte) => byte !== 0)) offsets.push(at)
    if (offsets.length === 2000) break
  }
  return offsets
}

const ADDRESSES = [
  ...[0, 1, 2, 3, 4, 7, 40, 43, 100, 101].map((pfn) => BigInt(pfn * PAGE_SIZE)),
  ...[32n, 46n, 52n, 64n].map((bits) => 2n ** bits - 8n),
]
const RANGES = ADDRESSES.map((address) => ({ address, length: 16 }))

/** Uses everything of an image, each part by itself; only ksight's own errors are allowed. */
function use(bytes: Uint8Array): void {
  const source = new BytesSource(bytes)
  const start = performance.now()
  const dump = attempt(() => openDump(source))
  if (dump !== undefined) {
    attempt(() => dump.ranges.length)
    attempt(() => dump.incomplete)
    // Of memory, every error is a fault, and none is thrown.
    dump.physical.gather(RANGES)
  }
  if (performance.now() - start > 2000) throw new Error('it took more than two seconds')
  if (source.longestRead > 1 << 18) throw new Error(`${source.longestRead} bytes read at once`)
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch (error) {
    if (error instanceof KsightError) return undefined
    throw error
  }
}
