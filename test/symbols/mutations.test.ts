import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KsightError } from '../../src/errors.js'
import { parseKallsyms } from '../../src/symbols/kallsyms_text.js'
import { Symbols } from '../../src/symbols/symbols.js'

const text = readFileSync('/proc/kallsyms')
const sample = Buffer.concat([text.subarray(0, 1500), text.subarray(-500)])

test('text that is damaged is parsed or refused', () => {
  const change = fc.tuple(fc.nat(sample.length - 1), fc.nat(255))
  fc.assert(
    fc.property(fc.array(change, { maxLength: 6 }), fc.nat(sample.length), (changes, length) => {
      const bytes = Uint8Array.from(sample)
      for (const [at, value] of changes) bytes[at] = value
      useOrRefuse(bytes.subarray(0, length))
    }),
    { numRuns: 5000 },
  )
})

test('any bytes are parsed or refused', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), useOrRefuse), { numRuns: 5000 })
})

/** Uses everything; only ksight's own errors are allowed. */
function useOrRefuse(bytes: Uint8Array): void {
  try {
    const symbols = new Symbols(parseKallsyms(bytes))
    for (const { name, address } of symbols.symbols()) {
      expect(symbols.nearest(address)?.symbol.address).toBe(address)
      symbols.find(name)
    }
    symbols.get('no such symbol')
  } catch (error) {
    if (!(error instanceof KsightError)) throw error
  }
}
