import { expect, test } from 'vitest'
import { EhFrameHdr } from '../../src/unwind/cfi/eh_frame_hdr.js'

const ADDRESS = 0x40_0000n
const EH_FRAME = ADDRESS + 0x1000n
/** Functions, and where their FDEs are. */
const ENTRIES = Array.from({ length: 9 }, (_, i): [bigint, bigint] => {
  return [ADDRESS - 0x8000n + BigInt(i * 0x100), EH_FRAME + BigInt(i * 24)]
})

/** Encodings by which values in the table may be written: format, and what they are relative to. */
const ENCODINGS: readonly [name: string, encoding: number][] = [
  ['datarel sdata4', 0x3b],
  ['datarel sdata8', 0x3c],
  ['pcrel sdata4', 0x1b],
  ['absolute udata4', 0x03],
  ['absolute udata8', 0x04],
  ['absolute absptr', 0x00],
]

test.each(ENCODINGS)('a table encoded as %s is searched', (_, encoding) => {
  const hdr = new EhFrameHdr(write(encoding))
  expect(hdr.ehFrame).toBe(EH_FRAME)
  expect(hdr.count).toBe(ENTRIES.length)
  expect(hdr.find(ENTRIES[0]![0] - 1n)).toBeUndefined()
  for (const [start, fde] of ENTRIES) {
    expect(hdr.find(start)).toBe(fde)
    expect(hdr.find(start + 0xffn)).toBe(fde)
  }
  expect(hdr.find(2n ** 63n)).toBe(ENTRIES.at(-1)![1])
})

test.each([
  ['no table', [1, 0x1b, 0xff, 0xff]],
  ['values that differ in length', [1, 0x1b, 0x03, 0x31]],
])('%s cannot be searched', (_, [version, ...encodings]) => {
  const bytes = Uint8Array.of(version!, ...encodings, 0, 0, 0, 0, 1, 0, 0, 0, 5, 5)
  expect(new EhFrameHdr(sectionOf(bytes)).count).toBe(0)
})

test('a table that ends behind its section is refused', () => {
  const bytes = Uint8Array.of(1, 0x1b, 0x03, 0x3b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3)
  expect(() => new EhFrameHdr(sectionOf(bytes))).toThrow('a table of 4294967295 entries')
})

const sectionOf = (bytes: Uint8Array) => ({
  ...({ name: 'hdr', bytes, address: ADDRESS, littleEndian: true, addressSize: 8 } as const),
})

function write(encoding: number) {
  const size = [0x03, 0x0b].includes(encoding & 0x0f) ? 4 : 8
  const bytes = new Uint8Array(12 + ENTRIES.length * 2 * size)
  const view = new DataView(bytes.buffer)
  bytes.set([1, 0x1b, 0x03, encoding])
  view.setInt32(4, Number(EH_FRAME - ADDRESS) - 4, true)
  view.setUint32(8, ENTRIES.length, true)
  ENTRIES.flat().forEach((value, i) => {
    const at = 12 + i * size
    const base = { 48: ADDRESS, 16: ADDRESS + BigInt(at) }[encoding & 0x70] ?? 0n
    if (size === 4) view.setInt32(at, Number(value - base), true)
    else view.setBigInt64(at, value - base, true)
  })
  return sectionOf(bytes)
}
