import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FaultError, KsightError } from '../../src/errors.js'
import type { LogRecord } from '../../src/kernel/log_record.js'
import { PrintkRingbuffer } from '../../src/kernel/printk_ringbuffer.js'
import { variableAddress } from '../../src/kernel/variable.js'
import { openLive } from '../../src/live/open_live.js'
import { type Memory, type Range, readBytes, readOrFault } from '../../src/memory/memory.js'
import { ObjectSpace } from '../../src/object/space.js'
import { BytesMemory } from '../support/bytes_memory.js'
import { describeLive } from '../support/live.js'

const START = 0xffffffff82000000n

/** Remembers every range that was read, to be read again, and damaged, without the kernel. */
class Recorded implements Memory {
  readonly ranges = new Map<string, Uint8Array>()
  /** Asked where nothing is recorded. */
  source: Memory | undefined

  constructor(source: Memory) {
    this.source = source
  }

  read(address: bigint, into: Uint8Array): void {
    const key = `${address} ${into.length}`
    const known = this.ranges.get(key)
    if (known !== undefined) {
      into.set(known)
      return
    }
    if (this.source === undefined) throw new FaultError(address, 'nothing is recorded there')
    this.source.read(address, into)
    this.ranges.set(key, into.slice())
  }

  gather(ranges: readonly Range[]): (Uint8Array | FaultError)[] {
    return ranges.map((range) => readOrFault(this, range))
  }
}

describeLive('a log that is damaged', () => {
  test('is shown as far as it can be, or refused', () => {
    using kernel = openLive()
    const memory = new Recorded(kernel.uncached)
    const space = new ObjectSpace(kernel.types, memory)
    const prb = readBytes(memory, variableAddress(kernel, 'prb')!, 8)
    const at = new DataView(prb.buffer).getBigUint64(0, true)
    const lost: string[] = []
    const read = (): LogRecord[] => {
      const ring = space.at('printk_ringbuffer', at)
      return [...new PrintkRingbuffer(ring, (why) => lost.push(why)).records()]
    }
    const whole = read()
    expect(whole.length).toBeGreaterThan(0)
    expect(lost).toEqual([])
    memory.source = undefined
    const ranges = [...memory.ranges.values()].map((bytes) => ({ bytes, whole: bytes.slice() }))
    const ring = ranges.findIndex(
      ({ bytes }) => bytes.length === space.struct('printk_ringbuffer').type.size,
    )
    expect(ring).not.toBe(-1)

    const where = fc.oneof(fc.constant(ring), fc.nat(ranges.length - 1))
    const change = fc.tuple(where, fc.nat(2 ** 20), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        for (const [index, offset, value] of changes) {
          const { bytes } = ranges[index]!
          bytes[offset % bytes.length] = value
        }
        try {
          lost.length = 0
          expect(read().length).toBeLessThanOrEqual(whole.length)
        } catch (error) {
          if (!(error instanceof KsightError)) throw error
        } finally {
          for (const { bytes, whole } of ranges) bytes.set(whole)
        }
      }),
      { numRuns: 1000 },
    )
    expect(read()).toEqual(whole)
  })

  test('that claims to be huge is soon given up', () => {
    using kernel = openLive()
    const { types } = kernel
    const ring = new Uint8Array(types.get('printk_ringbuffer', 'struct').size)
    const memory = new BytesMemory(START, ring)
    const space = new ObjectSpace(types, memory)
    const view = space.at('printk_ringbuffer', START)
    memory.view.setUint32(view.$offsetOf('desc_ring.count_bits'), 26, true)
    memory.view.setUint32(view.$offsetOf('text_data_ring.size_bits'), 31, true)
    memory.view.setBigInt64(view.$offsetOf('desc_ring.head_id.counter'), 2n ** 26n - 1n, true)
    const records = () => [...new PrintkRingbuffer(view, () => {}).records()]
    expect(records).toThrow(/^the kernel log is damaged: \d+ messages in a row are missing$/)
    expect(memory.reads).toBeLessThan(1_000_000)
  })
})
