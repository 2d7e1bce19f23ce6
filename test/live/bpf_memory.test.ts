import { expect, test } from 'vitest'
import { FaultError } from '../../src/errors.js'
import { openLive } from '../../src/live/open_live.js'
import { readBytes } from '../../src/memory/memory.js'
import { describeLive } from '../support/live.js'

const MIB = 1 << 20

describeLive('the memory of the running kernel', () => {
  test('a large read is made of the same bytes as small ones', () => {
    using kernel = openLive()
    const memory = kernel.uncached
    // Code of the kernel, which does not change.
    const text = kernel.vmcoreinfo.symbol('_stext')!
    const large = readBytes(memory, text, 5 * MIB + 123)
    expect(large.some((byte) => byte !== 0)).toBe(true)
    const ranges = Array.from({ length: 10_000 }, (_, i) => {
      return { address: text + BigInt(i * 521), length: i % 700 }
    })
    memory.gather(ranges).forEach((part, i) => {
      expect(part).toEqual(large.slice(i * 521, i * 521 + (i % 700)))
    })
    const [two, three] = memory.gather([
      { address: text, length: 2 * MIB },
      { address: text + 77n, length: 3 * MIB },
    ])
    expect(Buffer.compare(two as Uint8Array, large.subarray(0, 2 * MIB))).toBe(0)
    expect(Buffer.compare(three as Uint8Array, large.subarray(77, 77 + 3 * MIB))).toBe(0)
  })

  test('each range has a fault of its own', () => {
    using kernel = openLive()
    const good = kernel.initTask.$address
    const bad = [0n, 8n, 0x1234n, 0x7fff_ffff_f000n, 0x8000_0000_0000_0000n, 2n ** 64n - 4096n]
    const ranges = bad.flatMap((address) => [
      { address, length: 16 },
      { address: good, length: 16 },
    ])
    const found = kernel.uncached.gather(ranges)
    bad.forEach((address, i) => {
      expect(found[2 * i]).toBeInstanceOf(FaultError)
      expect((found[2 * i] as FaultError).address).toBe(address)
      expect(found[2 * i + 1]).toBeInstanceOf(Uint8Array)
    })
  })

  test('a fault names the first byte that cannot be read', () => {
    using kernel = openLive()
    // Behind a stack in vmalloc space there is a guard page.
    const stack: bigint = kernel.findTask(process.pid)!.stack.$address
    const end = stack + BigInt(kernel.threadSize)
    for (const memory of [kernel.uncached, kernel.memory]) {
      expect(readBytes(memory, end - 16n, 16)).toHaveLength(16)
      for (const [address, length] of [
        [end - 8n, 16],
        [end - 8n, 8192],
        [stack, kernel.threadSize + 1],
      ] as const) {
        try {
          readBytes(memory, address, length)
          expect.unreachable()
        } catch (error) {
          expect((error as FaultError).address).toBe(end)
        }
      }
    }
  })
})
