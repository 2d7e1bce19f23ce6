import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.js'
import { initPidNs } from '../../src/kernel/pid.js'
import {
  idrFind,
  idrForEachEntry,
  radixTreeForEach,
  radixTreeLookup,
  xaForEach,
  xaLoad,
} from '../../src/kernel/xarray.js'
import { openLive } from '../../src/live/open_live.js'
import { agreeing } from '../support/agree.js'
import { fileOf, ScratchDirectory } from '../support/files.js'
import { describeLive } from '../support/live.js'
import { threads } from '../support/proc.js'
import { compile, Running } from '../support/program.js'

const FILE = 3
const PAGES = 20_000

/** Entries of the page cache that are no pages: what is left of a page that was dropped. */
const isValue = (entry: bigint) => (entry & 1n) === 1n

function pageCache(kernel: Kernel, pid: number): bigint {
  const file = fileOf(kernel.findTask(pid)!, FILE)!
  return file.f_mapping.$addressOf('i_pages')
}

describeLive('the XArray of a file’s pages against mincore(2)', () => {
  test.each([
    ['nothing', []],
    ['the first page only', ['0', '1']],
    ['a page far behind', ['19999', '1']],
    ['scattered pages', ['0', '3', '63', '2', '4095', '2', '4097', '1', '12345', '77']],
    ['a long piece, which is read in large folios', ['100', '9000', '15000', '1']],
  ])('%s', async (_what, parts) => {
    using kernel = openLive()
    using directory = new ScratchDirectory()
    const file = join(directory.path, 'file')
    writeFileSync(file, new Uint8Array(PAGES * 4096))
    await using running = await Running.start(compile('cached'), [file, ...parts])
    const resident = running.lines.map(Number)
    const pages = pageCache(kernel, running.pid)
    const loaded = []
    for (let index = 0; index < PAGES + 100; index++) {
      const entry = xaLoad(kernel.space, pages, BigInt(index))
      if (entry !== 0n && !isValue(entry)) loaded.push(index)
    }
    expect(ranges(loaded)).toBe(ranges(resident))
    expect(xaLoad(kernel.space, pages, 1n << 40n)).toBe(0n)

    // Each folio is walked over once, at its first page.
    const walked = [...xaForEach(kernel.space, pages)].filter(([, entry]) => !isValue(entry))
    expect(walked.map(([index]) => index)).toEqual(
      [...walked.map(([index]) => index)].sort(ascending),
    )
    for (const [index, entry] of walked) expect(xaLoad(kernel.space, pages, index)).toBe(entry)
    const folios = new Set(resident.map((index) => xaLoad(kernel.space, pages, BigInt(index))))
    expect(new Set(walked.map(([, entry]) => entry))).toEqual(folios)
    expect([...radixTreeForEach(kernel.space, pages)].length).toBeGreaterThanOrEqual(walked.length)
    for (const [index, entry] of walked.slice(0, 10)) {
      expect(radixTreeLookup(kernel.space, pages, index)).toBe(entry)
    }
  })

  test('a file that is cut off', async () => {
    using kernel = openLive()
    using directory = new ScratchDirectory()
    const file = join(directory.path, 'file')
    writeFileSync(file, new Uint8Array(100 * 4096))
    await using running = await Running.start(compile('cached'), [file, '0', '100'])
    const pages = pageCache(kernel, running.pid)
    expect([...xaForEach(kernel.space, pages)].length).toBeGreaterThan(0)
    truncateSync(file, 0)
    kernel.drop()
    expect([...xaForEach(kernel.space, pages)]).toEqual([])
    expect(xaLoad(kernel.space, pages, 0n)).toBe(0n)
  })
})

/** Ascending numbers as text: `0-3 7`. */
function ranges(numbers: readonly number[]): string {
  const found: [first: number, last: number][] = []
  for (const number of numbers) {
    const current = found.at(-1)
    if (current !== undefined && current[1] === number - 1) current[1] = number
    else found.push([number, number])
  }
  return found.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(' ')
}

const ascending = (a: bigint, b: bigint) => Number(a - b)

describeLive('the IDR of the pid namespace', () => {
  test('has the threads that /proc lists', async () => {
    using kernel = openLive()
    const look = () => {
      const before = threads().map(([, tid]) => tid)
      kernel.drop()
      const idr = initPidNs(kernel).idr.$address
      const seen = [...idrForEachEntry(kernel.space, idr)]
        .filter(([, entry]) => kernel.at('pid', entry).tasks[0].first !== null)
        .map(([id]) => id)
      const after = threads().map(([, tid]) => tid)
      const lacking = before.filter((tid) => after.includes(tid) && !seen.includes(tid))
      const strange = seen.filter((tid) => !before.includes(tid) && !after.includes(tid))
      return [...lacking.map((tid) => `lacks ${tid}`), ...strange.map((tid) => `has ${tid}`)]
    }
    expect(await agreeing(10, look)).toEqual([])
  })

  test('finds the entry of an id, and none where there is none', () => {
    using kernel = openLive()
    const idr = initPidNs(kernel).idr.$address
    for (const [id, entry] of idrForEachEntry(kernel.space, idr)) {
      expect(idrFind(kernel.space, idr, id)).toBe(entry)
    }
    expect(idrFind(kernel.space, idr, 2 ** 31 - 1)).toBe(0n)
    expect(idrFind(kernel.space, idr, -1)).toBe(0n)
  })
})
