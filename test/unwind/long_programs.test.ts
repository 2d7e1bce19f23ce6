import { describe, expect, test } from 'vitest'
import { CallFrames } from '../../src/unwind/cfi/call_frames.js'
import { x86_64 } from '../../src/unwind/machines/x86_64.js'
import { Registers } from '../../src/unwind/registers.js'
import { unwind } from '../../src/unwind/unwind.js'
import { BytesMemory } from '../support/bytes_memory.js'

/** What is repeated, and costs much for its length. */
const REPEATED: readonly [name: string, bytes: readonly number[]][] = [
  ['states that are remembered and restored', [0x0a, 0x0b]],
  ['rules', [0x90, 1]],
  ['locations', [0x41]],
  ['states that are remembered', [0x0a]],
]

const FRAMES = 5000
const STACK = 0x7000_0000n

describe.each(REPEATED)('a function with as many %s as its entry may have', (_, bytes) => {
  test.each([32_700, 1_000_000])(
    'in %i bytes takes no long time for all frames of a stack',
    (length) => {
      const module = { name: 'long', bias: 0n, callFrames: callFrames(bytes, length) }
      const stack = BigUint64Array.from({ length: FRAMES }, (_, i) => BigInt(0x10_0000 - 2 - 2 * i))
      const memory = new BytesMemory(STACK, new Uint8Array(stack.buffer))
      const registers = Registers.of(x86_64, [
        ['ip', 0x10n],
        ['sp', STACK],
      ])
      const start = performance.now()
      const walk = unwind(registers, memory, () => module)
      let step = walk.next()
      while (!step.done) step = walk.next()
      expect(['depth', 'lost']).toContain(step.value.reason)
      expect(performance.now() - start).toBeLessThan(10_000)
    },
  )
})

/** `.eh_frame` with one CIE and one FDE, of 1 MiB of code, which sets many rules first. */
function callFrames(repeated: readonly number[], length: number): CallFrames {
  const program: number[] = []
  for (let register = 64; register < 250; register++) {
    program.push(0x08, 0x80 | (register & 0x7f), register >>> 7) // DW_CFA_same_value
  }
  while (program.length + repeated.length <= length) program.push(...repeated)
  const cie = entry([...u32(0), 1, 0, 1, 0x78, 16, 0x0c, 7, 8, 0x90, 1])
  const fde = entry([...u32(cie.length + 4), ...[0, 0, 1 << 20, 0].flatMap(u32), ...program])
  const bytes = Uint8Array.from([...cie, ...fde])
  const section = { name: '.eh_frame', bytes, address: 0n } as const
  return new CallFrames({ ehFrame: { ...section, littleEndian: true, addressSize: 8 } })
}

const entry = (body: readonly number[]) => [...u32(body.length), ...body]

function u32(value: number): number[] {
  return [...new Uint8Array(Uint32Array.of(value).buffer)]
}
