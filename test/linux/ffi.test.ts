import { closeSync, openSync, readSync } from 'node:fs'
import { expect, test } from 'vitest'
import { addressOf } from '../../src/linux/ffi.js'

/** What the kernel sees at an address of this process. */
function peek(address: number, length: number): Uint8Array {
  const fd = openSync('/proc/self/mem', 'r')
  try {
    const bytes = new Uint8Array(length)
    readSync(fd, bytes, 0, length, address)
    return bytes
  } finally {
    closeSync(fd)
  }
}

test.each([1, 8, 64, 65, 4096, 1 << 20])(
  'gives the address of %i bytes, and it stays',
  (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7 + 1)
    const address = addressOf(bytes)
    for (let i = 0; i < 20; i++) new Array(100_000).fill({})
    bytes[0] = 99
    expect(addressOf(bytes)).toBe(address)
    expect(Buffer.compare(peek(address, length), bytes)).toBe(0)
  },
)

test('gives the address of a part of a buffer', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
  expect(addressOf(bytes.subarray(3))).toBe(addressOf(bytes) + 3)
  const small = Buffer.from('from the pool')
  expect(peek(addressOf(small), small.length)).toEqual(new Uint8Array(small))
})
