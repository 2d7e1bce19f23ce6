import { beforeEach, describe, expect, test } from 'vitest'
import { FaultError } from '../../../src/errors.js'
import { readBytes } from '../../../src/memory/memory.js'
import { PagedMemory } from '../../../src/memory/paging/paged_memory.js'
import { x86_64 } from '../../../src/memory/paging/x86.js'
import { BytesMemory } from '../../support/bytes_memory.js'

const START = 0xffff_8000_0000_0000n
const C_BIT = 1n << 47n

/** Four tables from 4096 on, for PGD to PTE; the pages they map are 0x20 and then every second one. */
describe('memory behind page tables', () => {
  let physical: BytesMemory
  let memory: PagedMemory
  const root = 4096n

  beforeEach(() => {
    physical = new BytesMemory(0n, new Uint8Array(2 ** 20))
    for (let i = 0; i < 2 ** 20; i++) physical.bytes[i] = (i * 7 + (i >> 12) * 31) & 255
    physical.bytes.fill(0, 4096, 5 * 4096)
    setEntry(1, 256, 0x2000n)
    setEntry(2, 0, 0x3000n)
    setEntry(3, 0, 0x4000n)
    for (let i = 0; i < 8; i++) setEntry(4, i, pageOf(i))
    memory = new PagedMemory(physical, x86_64(4, { encrypted: C_BIT }), root)
  })

  const pageOf = (index: number) => BigInt(0x20 + 2 * index) << 12n

  function setEntry(table: number, index: number, address: bigint): void {
    physical.view.setBigUint64(table * 4096 + index * 8, address | 3n | C_BIT, true)
  }

  const contents = (index: number, from: number, to: number) => {
    return physical.bytes.slice(Number(pageOf(index)) + from, Number(pageOf(index)) + to)
  }

  function faultAt(address: bigint, length: number): FaultError {
    try {
      memory.read(address, new Uint8Array(length))
    } catch (error) {
      if (error instanceof FaultError) return error
    }
    throw new Error('it can be read')
  }

  test('reads go over the borders of pages', () => {
    const bytes = readBytes(memory, START + 4000n, 96 + 4096 + 100)
    expect(bytes).toEqual(
      Uint8Array.from([
        ...contents(0, 4000, 4096),
        ...contents(1, 0, 4096),
        ...contents(2, 0, 100),
      ]),
    )
  })

  test('a scan of neighbouring pages reads each table once', () => {
    memory.translate(START)
    const before = physical.reads
    for (let i = 0n; i < 8n; i++)
      expect(memory.translate(START + i * 4096n)).toBe(pageOf(Number(i)))
    expect(physical.reads).toBe(before)
  })

  test('what tables said is remembered until it is dropped', () => {
    expect(memory.translate(START)).toBe(pageOf(0))
    setEntry(4, 0, pageOf(5))
    expect(memory.translate(START)).toBe(pageOf(0))
    memory.drop()
    expect(memory.translate(START)).toBe(pageOf(5))
  })

  test('a fault has the virtual address and the level that ended the walk', () => {
    const { address, message } = faultAt(START + 7n * 4096n + 4000n, 200)
    expect(address).toBe(START + 8n * 4096n)
    expect(message).toContain('the PTE entry is not present')
    expect(faultAt(START + 2n ** 21n, 1).message).toContain('the PMD entry is not present')
    expect(faultAt(START + 2n ** 30n, 1).message).toContain('the PUD entry is not present')
    expect(faultAt(0n, 1).message).toContain('the PGD entry is not present')
    expect(faultAt(2n ** 63n - 1n, 2).message).toContain('not canonical')
    expect(faultAt(2n ** 64n - 1n, 2).address).toBe(2n ** 64n - 1n)
  })

  test('a page that is not in physical memory is a fault at its virtual address', () => {
    setEntry(4, 3, 0x7000_0000n)
    const fault = faultAt(START + 2n * 4096n + 50n, 8192)
    expect(fault.address).toBe(START + 3n * 4096n)
    expect(fault.message).toContain('0x70000000')
    const [gathered, sound] = memory.gather([
      { address: START + 2n * 4096n + 50n, length: 8192 },
      { address: START + 4n, length: 4 },
    ])
    expect(gathered).toEqual(fault)
    expect(sound).toEqual(contents(0, 4, 8))
  })
})
