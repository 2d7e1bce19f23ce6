import fc from 'fast-check'
import { expect, test } from 'vitest'
import { textOf } from '../../src/bytes/text.js'

test('every byte is one character', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 9000 }), fc.string().map(utf8)), (bytes) => {
      expect(textOf(bytes)).toBe(Buffer.from(bytes).toString('latin1'))
    }),
  )
})

const utf8 = (text: string) => new TextEncoder().encode(text)
