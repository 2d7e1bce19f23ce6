import { closeSync, openSync, readSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { FaultError } from '../../src/errors.js'
import { addressOf } from '../../src/linux/ffi.js'
import { openLive } from '../../src/live/open_live.js'
import { readBytes } from '../../src/memory/memory.js'

const PAGE = 4096
const kernel = openLive({ via: 'bpf' })
afterAll(() => kernel[Symbol.dispose]())

/** The page frames behind a buffer of this process, as /proc/self/pagemap tells them. */
function frames(buffer: Uint8Array): bigint[] {
  const fd = openSync('/proc/self/pagemap', 'r')
  try {
    const entries = new BigUint64Array(buffer.length / PAGE)
    readSync(fd, entries, 0, entries.byteLength, (addressOf(buffer) / PAGE) * 8)
    return [...entries].map((entry) => entry & ((1n << 55n) - 1n))
  } finally {
    closeSync(fd)
  }
}

/** Pages of noise, touched so that they are there, starting at a page. */
function noise(pages: number): Uint8Array {
  const whole = new Uint8Array((pages + 1) * PAGE)
  const start = (PAGE - (addressOf(whole) % PAGE)) % PAGE
  const buffer = new Uint8Array(whole.buffer, start, pages * PAGE)
  let seed = 1
  for (let i = 0; i < buffer.length; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    buffer[i] = seed >>> 16
  }
  return buffer
}

test('the direct map shows the pages that /proc/self/pagemap names', () => {
  const buffer = noise(3000)
  const ranges = frames(buffer).map((frame) => ({
    address: kernel.pageOffset + frame * BigInt(PAGE),
    length: PAGE,
  }))
  const read = kernel.uncached.gather(ranges)
  read.forEach((page, i) => {
    const expected = buffer.subarray(i * PAGE, (i + 1) * PAGE)
    expect(page instanceof Uint8Array && Buffer.compare(page, expected)).toBe(0)
  })
})

test('a read of many windows equals the same memory seen through the direct map', () => {
  const text = kernel.symbols.get('_stext').address
  const length = Number(kernel.symbols.get('_etext').address - text)
  expect(length).toBeGreaterThan(4 << 20)
  const physBase = kernel.vmcoreinfo.number('phys_base') ?? 0n
  const physical = text - 0xffffffff80000000n + physBase
  const once = readBytes(kernel.uncached, text, length)
  const alias = readBytes(kernel.uncached, kernel.pageOffset + physical, length)
  expect(Buffer.compare(once, alias)).toBe(0)
})

test('each range of a gather has its own fault', () => {
  const task = kernel.initTask.$address
  const results = kernel.uncached.gather([
    { address: 0n, length: 8 },
    { address: task, length: 8 },
    { address: 0xffff_7fff_ffff_f000n, length: 8 },
    { address: task + 8n, length: 8 },
    { address: 0x7fff_0000_0000n, length: 8 },
  ])
  expect(results.map((result) => result instanceof FaultError)).toEqual([
    true,
    false,
    true,
    false,
    true,
  ])
})

test('a fault names the first page that is not mapped', () => {
  const text = kernel.symbols.get('_stext').address
  expect(() => readBytes(kernel.uncached, text - 24n, 4096)).toThrow(
    `cannot read memory at 0x${(text - 24n).toString(16)}`,
  )
  const stack = kernel.at('task_struct', ownTask()).stack
  // A kernel stack is mapped with a guard page behind it (CONFIG_VMAP_STACK).
  const end = stack.$address + BigInt(kernel.threadSize)
  expect(() => readBytes(kernel.uncached, end - 100n, 4096)).toThrow(
    `cannot read memory at 0x${end.toString(16)}`,
  )
})

function ownTask(): bigint {
  const task = kernel.findTask(process.pid)
  if (task === undefined) throw new Error('this process is not found')
  return task.$address
}

test('the page cache shows the old until it is dropped', () => {
  const buffer = noise(1)
  const address = kernel.pageOffset + frames(buffer)[0]! * BigInt(PAGE)
  const before = buffer[100]!
  kernel.drop()
  expect(readBytes(kernel.memory, address + 100n, 1)[0]).toBe(before)
  buffer[100] = before ^ 0xff
  expect(readBytes(kernel.memory, address + 100n, 1)[0]).toBe(before)
  expect(readBytes(kernel.uncached, address + 100n, 1)[0]).toBe(before ^ 0xff)
  kernel.drop()
  expect(readBytes(kernel.memory, address + 100n, 1)[0]).toBe(before ^ 0xff)
})

test('the page cache names the address that was asked for in a fault', () => {
  expect(() => readBytes(kernel.memory, 0x1234n, 8)).toThrow('cannot read memory at 0x1234')
})
