import { afterAll, beforeAll, expect, test } from 'vitest'
import { KsightError } from '../../src/errors.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { openLive } from '../../src/live/open_live.js'
import { type Memory, readOrFault } from '../../src/memory/memory.js'
import type { UntypedView } from '../../src/object/kernel_types.js'
import { type KernelStack, kernelStack } from '../../src/unwind/kernel_stack.js'
import { findOrc } from '../../src/unwind/orc/find_orc.js'
import { OrcFormat } from '../../src/unwind/orc/orc_entry.js'
import { OrcTable } from '../../src/unwind/orc/orc_table.js'
import { describeLive } from '../support/live.js'
import { compile, Running } from '../support/program.js'

/** A generator of numbers from 0 up to 2³², the same in every run (mulberry32). */
function randomNumbers(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }
}

/** Memory of which some bytes are others than they are. */
class ChangedMemory implements Memory {
  constructor(
    private readonly memory: Memory,
    private readonly start: bigint,
    public bytes: Uint8Array,
  ) {}

  read(address: bigint, into: Uint8Array): void {
    const from = Number(address - this.start)
    const isWithin = from >= 0 && from + into.length <= this.bytes.length
    if (isWithin) into.set(this.bytes.subarray(from, from + into.length))
    else this.memory.read(address, into)
  }

  gather(ranges: Parameters<Memory['gather']>[0]): ReturnType<Memory['gather']> {
    return ranges.map((range) => readOrFault(this, range))
  }
}

/** The same kernel with other memory, but for what is read through its page cache. */
function withMemory(kernel: Kernel, uncached: Memory): Kernel {
  return Object.create(kernel, { uncached: { value: uncached } })
}

const REASONS = ['user mode', 'end of stack', 'running', 'lost']

function check({ frames, end }: KernelStack): void {
  expect(REASONS).toContain(end.reason)
  expect(frames.length).toBeLessThan(2500)
  expect(['lost', 'running'].includes(end.reason)).toBe(end.message !== '')
}

describeLive('unwinding a kernel stack', () => {
  let kernel: Kernel
  let sleeper: Running
  let task: UntypedView
  beforeAll(async () => {
    kernel = openLive()
    sleeper = await Running.start(compile('threads'), ['1', '0', '1'])
    task = kernel.findTask(sleeper.pid)!
  })
  afterAll(async () => {
    kernel[Symbol.dispose]()
    await sleeper[Symbol.asyncDispose]()
  })

  test('ends, whatever the stack holds', () => {
    const random = randomNumbers(1)
    const start: bigint = task.stack.$address
    const real = new Uint8Array(kernel.threadSize)
    kernel.uncached.read(start, real)
    const used = Number(task.thread.sp - start)
    const texts = ['schedule', 'do_syscall_64', 'entry_SYSCALL_64', 'asm_exc_page_fault']
    const interesting = texts.map((name) => kernel.symbols.get(name).address + 4n)
    const word = (): bigint => {
      const kind = random() % 5
      if (kind === 0) return interesting[random() % interesting.length]!
      if (kind === 1) return start + BigInt((random() % (real.length + 64)) & ~7)
      if (kind === 2) return BigInt(random()) * BigInt(random())
      if (kind === 3) return 2n ** 64n - BigInt(random() % 64)
      return BigInt(random() % 8)
    }
    const changed = new ChangedMemory(kernel.uncached, start, real)
    // The tables are read but once.
    const other = withMemory(kernel, changed)
    const ends = new Map<string, number>()
    for (let round = 0; round < 4000; round++) {
      const bytes = real.slice()
      const view = new DataView(bytes.buffer)
      for (let changes = 1 + (random() % 40); changes > 0; changes--) {
        const at = used + (random() % ((real.length - used) >> 3)) * 8
        view.setBigUint64(at, word(), true)
      }
      changed.bytes = bytes
      const stack = kernelStack(other, task)
      check(stack)
      ends.set(stack.end.reason, (ends.get(stack.end.reason) ?? 0) + 1)
    }
    expect(ends.get('lost')).toBeGreaterThan(500)
    expect(ends.get('user mode')).toBeGreaterThan(100)
  })

  test('ends, whatever the registers of a CPU are', () => {
    const random = randomNumbers(2)
    const top: bigint = task.stack.$address + BigInt(kernel.threadSize)
    const text = kernel.symbols.get('_stext').address
    for (let round = 0; round < 2000; round++) {
      const registers = new Map([
        ['ip', text + BigInt(random() % 0x1000000)],
        ['sp', top - BigInt(random() % (kernel.threadSize + 4096))],
        ['bp', random() % 2 === 0 ? top - BigInt(random() % kernel.threadSize) : BigInt(random())],
        ['r10', top - BigInt(random() % kernel.threadSize)],
        ['cs', 0x10n],
      ])
      const cpu = random() % 4
      check(
        kernelStack(kernel, task, {
          cpu: cpu === 3 ? 99 : cpu % kernel.cpus.length,
          pid: 0,
          registers,
        }),
      )
    }
  })

  test('ends, whatever the ORC table holds', () => {
    const random = randomNumbers(3)
    const { entries, count } = findOrc(kernel)
    const real = new Uint8Array(count * 6)
    kernel.uncached.read(entries, real)
    const tasks = [...kernel.forEachProcess()].slice(0, 100)
    const ends = new Set<string>()
    for (let round = 0; round < 30; round++) {
      const bytes = real.slice()
      // From here a byte, up to one in two.
      const step = 2 + (random() % 2 ** (round % 12))
      for (let at = random() % step; at < bytes.length; at += 1 + (random() % (2 * step))) {
        bytes[at] = random()
      }
      const changed = withMemory(kernel, new ChangedMemory(kernel.uncached, entries, bytes))
      for (const each of tasks) {
        try {
          const stack = kernelStack(changed, each)
          check(stack)
          ends.add(stack.end.message.replace(/0x[0-9a-f]+|\d+/g, 'N'))
        } catch (error) {
          // Some may have ended meanwhile.
          if (!(error instanceof KsightError)) throw error
        }
      }
    }
    expect(ends.size).toBeGreaterThan(4)
  })

  test('finds entries in a table that is not in order', () => {
    const random = randomNumbers(4)
    const places = findOrc(kernel)
    const format = OrcFormat.of(kernel.types)!
    const few = { ...places, count: 5000 }
    const sorted = new OrcTable(kernel.uncached, few, format)
    const ips = new Uint8Array(few.count * 4)
    kernel.uncached.read(places.ips, ips)
    const entries = new Uint8Array(few.count * format.size)
    kernel.uncached.read(places.entries, entries)
    const starts = shuffle(ips, entries, random)
    const mixed = new ChangedMemory(
      new ChangedMemory(kernel.uncached, places.ips, ips),
      places.entries,
      entries,
    )
    const unsorted = new OrcTable(mixed, few, format)
    for (const start of starts.slice(0, 2000)) {
      for (const ip of [start - 1n, start, start + 3n].map((distance) => places.ips + distance)) {
        expect(unsorted.find(ip)).toEqual(sorted.find(ip))
      }
    }
  })

  test('refuses a table of an absurd size', () => {
    const format = OrcFormat.of(kernel.types)!
    for (const count of [0, -1, Number.NaN, 2 ** 32]) {
      const read = () => new OrcTable(kernel.uncached, { ...findOrc(kernel), count }, format)
      expect(read).toThrow('entries')
    }
  })
})

/** Exchanges entries with one another, each with its address; gives the distances of these. */
function shuffle(ips: Uint8Array, entries: Uint8Array, random: () => number): bigint[] {
  const view = new DataView(ips.buffer)
  const count = ips.length / 4
  const list = Array.from({ length: count }, (_, i) => ({
    start: view.getInt32(i * 4, true) + i * 4,
    entry: entries.slice(i * 6, i * 6 + 6),
  }))
  for (let i = count - 1; i > 0; i--) {
    const j = random() % (i + 1)
    const one = list[i]!
    list[i] = list[j]!
    list[j] = one
  }
  list.forEach(({ start, entry }, i) => {
    view.setInt32(i * 4, start - i * 4, true)
    entries.set(entry, i * 6)
  })
  return list.map(({ start }) => BigInt(start))
}
