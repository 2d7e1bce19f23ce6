import { expect, test } from 'vitest'
import { readAvailable } from '../../src/memory/read_available.js'
import { BytesMemory } from '../support/bytes_memory.js'

const PAGE = 4096
const START = 0xffffffff81000000n

/** Memory of which some pages are missing. */
class HoledMemory extends BytesMemory {
  constructor(
    bytes: Uint8Array,
    private readonly holes: ReadonlySet<number>,
  ) {
    super(START, bytes)
  }

  override read(address: bigint, into: Uint8Array): void {
    const first = Math.floor(Number(address - START) / PAGE)
    const last = Math.floor((Number(address - START) + into.length - 1) / PAGE)
    for (let page = first; page <= last; page++) {
      // As a fault leaves it: with other bytes.
      if (this.holes.has(page)) into.fill(0xee)
      if (this.holes.has(page)) super.read(START - 1n, into)
    }
    super.read(address, into)
  }
}

test.each([0, 1, 100, PAGE - 1])(
  'pages that are missing are zeros, from offset %i on',
  (offset) => {
    const bytes = Uint8Array.from({ length: 50 * PAGE }, (_, i) => 1 + (i % 251))
    const holes = new Set([1, 17, 18, 40, 49])
    const expected = bytes.slice(offset)
    for (const page of holes) expected.fill(0, page * PAGE - offset, (page + 1) * PAGE - offset)

    const into = new Uint8Array(expected.length)
    expect(readAvailable(new HoledMemory(bytes, holes), START + BigInt(offset), into)).toBe(false)
    expect(Buffer.compare(into, expected)).toBe(0)
    expect(readAvailable(new HoledMemory(bytes, new Set()), START + BigInt(offset), into)).toBe(
      true,
    )
    expect(Buffer.compare(into, bytes.subarray(offset))).toBe(0)
  },
)
