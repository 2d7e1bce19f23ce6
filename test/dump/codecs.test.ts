import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decompressPage } from '../../src/dump/kdump/page_codec.js'
import { ScratchDirectory } from '../support/files.js'
import { Compressor, FLAGS, hasCompressors, PAGE_SIZE } from './kdump_writer.js'

const scratch = new ScratchDirectory()
afterAll(() => scratch[Symbol.dispose]())

describe.skipIf(!hasCompressors).each(['zlib', 'lzo', 'snappy', 'zstd'] as const)(
  '%s (needs liblzo2, libsnappy, libzstd)',
  (how) => {
    let compressor: Compressor
    beforeAll(() => {
      compressor = new Compressor(scratch.path)
    })
    const decompress = (data: Uint8Array) => decompressPage(FLAGS[how], data, PAGE_SIZE)

    test('gives back what the library compressed', () => {
      const pages = samples()
      for (const [i, data] of compressor.compress(pages, how).entries()) {
        expect(Buffer.compare(decompress(data), pages[i]!), `sample ${i}`).toBe(0)
      }
    })

    test('of garbage, throws an error, or gives a page', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (garbage) => {
          expect(lengthOrError(() => decompress(garbage))).toBe(PAGE_SIZE)
        }),
        { numRuns: 5000 },
      )
    })

    test('of damaged or cut data, throws an error, or gives a page', () => {
      const compressed = compressor.compress(samples().slice(0, 40), how)
      const damage = fc.tuple(fc.nat(compressed.length - 1), fc.nat(), fc.nat(255), fc.nat(9))
      fc.assert(
        fc.property(damage, ([which, at, value, cut]) => {
          const data = Uint8Array.from(compressed[which]!)
          data[at % data.length] = value
          const length = cut === 0 ? at % data.length : data.length
          expect(lengthOrError(() => decompress(data.subarray(0, length)))).toBe(PAGE_SIZE)
        }),
        { numRuns: 10_000 },
      )
    })
  },
)

/** The length of a page, or the page's size where an error was thrown. */
function lengthOrError(act: () => Uint8Array): number {
  try {
    return act().length
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    return PAGE_SIZE
  }
}

/** Pages of random bytes between runs and repetitions of any length. */
function samples(): Buffer[] {
  return Array.from({ length: 400 }, (_, i) => {
    const page = Buffer.alloc(PAGE_SIZE)
    const random = randomBytes(PAGE_SIZE)
    let at = 0
    while (at < PAGE_SIZE) {
      const wanted = 1 + (random.readUInt16LE(at % (PAGE_SIZE - 1)) % (2 + i * 3))
      const length = Math.min(wanted, PAGE_SIZE - at)
      if (random[at]! < 100) random.copy(page, at, at, at + length)
      else if (random[at]! < 160) page.fill(random[at]!, at, at + length)
      else page.copy(page, at, Math.max(0, at - random[at]! * (i % 17)), at)
      at += length
    }
    return page
  })
}
