import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.js'
import { masForEach, mtreeLoad } from '../../src/kernel/maple_tree.js'
import { taskMm } from '../../src/kernel/mm.js'
import { forEachVma, vmaFind, vmaLookup } from '../../src/kernel/vma.js'
import { vmaName } from '../../src/kernel/vma_name.js'
import { listVmas } from '../../src/kernel/vma_summary.js'
import { openLive } from '../../src/live/open_live.js'
import { agreeing } from '../support/agree.js'
import { compareMaps, compareSizes, maps } from '../support/compare_mappings.js'
import { ScratchDirectory } from '../support/files.js'
import { describeLive } from '../support/live.js'
import { mapsLine } from '../support/maps.js'
import { processes } from '../support/proc.js'
import { compile, Running } from '../support/program.js'

function mmOf(kernel: Kernel, pid: number) {
  return taskMm(kernel.findTask(pid)!)!
}

describeLive('mappings against /proc/PID/maps', () => {
  test('of every process', { timeout: 60_000 }, async () => {
    using kernel = openLive()
    const found: string[] = []
    for (const pid of processes()) {
      if (pid === process.pid) continue
      found.push(...(await agreeing(20, () => compareMaps(kernel, pid))))
    }
    expect(found).toEqual([])
  })

  test('sizes of every process against /proc/PID/status', { timeout: 60_000 }, async () => {
    using kernel = openLive()
    const found: string[] = []
    for (const pid of processes()) {
      if (pid === process.pid) continue
      found.push(...(await agreeing(20, () => compareSizes(kernel, pid))))
    }
    expect(found).toEqual([])
  })

  test('60,000 of them', { timeout: 60_000 }, async () => {
    using kernel = openLive()
    using directory = new ScratchDirectory()
    const file = join(directory.path, 'file')
    writeFileSync(file, '')
    truncateSync(file, 30_000 * 4096)
    await using running = await Running.start(compile('many_vmas'), ['30000', '30000', file])
    const mm = mmOf(kernel, running.pid)
    const seen = listVmas(kernel, mm, kernel.current.fs.root)
    expect(seen.length).toBeGreaterThan(60_000)
    expect(seen.length).toBe(mm.map_count)
    expect(seen.map(mapsLine).join('\n')).toBe(maps(running.pid)!.join('\n'))

    const tree = mm.$addressOf('mm_mt')
    for (let i = 0; i < seen.length; i += 997) {
      const { vma, start, end } = seen[i]!
      for (const address of [start, end - 1n]) {
        expect(mtreeLoad(kernel, tree, address)).toBe(vma)
        expect(vmaLookup(kernel, mm, address)!.$address).toBe(vma)
      }
      expect(vmaFind(kernel, mm, end)?.$address).toBe(seen[i + 1]?.vma)
      const some = [...masForEach(kernel, tree, start, seen[i + 9]!.start)]
      expect(some.map(({ entry }) => entry)).toEqual(seen.slice(i, i + 10).map(({ vma }) => vma))
    }
    expect(mtreeLoad(kernel, tree, 0n)).toBe(0n)
    expect(vmaLookup(kernel, mm, 0n)).toBeUndefined()
    expect(vmaFind(kernel, mm, 0n)!.$address).toBe(seen[0]!.vma)
    expect(vmaFind(kernel, mm, 1n << 63n)).toBeUndefined()
  })

  test('one by one', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('pages'), ['10', '10', process.execPath])
    const mm = mmOf(kernel, running.pid)
    const views = [...forEachVma(kernel, mm)]
    const seen = listVmas(kernel, mm)
    expect(views.map(({ vm_start }) => vm_start)).toEqual(seen.map(({ start }) => start))
    expect(views.map((vma) => vmaName(kernel, vma))).toEqual(seen.map(({ name }) => name))
  })

  test('a process whose mappings change all the time', { timeout: 60_000 }, async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('moving_vmas'), ['3000'])
    const [first, end] = running.lines.map((line) => BigInt(`0x${line}`))
    const mm = mmOf(kernel, running.pid)
    for (let i = 0; i < 10; i++) {
      const seen = listVmas(kernel, mm)
      // The pages before and behind the moving ones stay, each a mapping of its own.
      const staying = seen.filter(({ start }) => start < first! || start >= end!)
      const text = maps(running.pid)!
      for (const vma of staying) expect(text).toContain(mapsLine(vma))
      const moving = seen.filter(({ start }) => start >= first! && start < end!)
      expect(moving.length).toBeGreaterThan(1000)
      // A mapping may have grown downwards over the one before it, once that was read.
      for (const [i, { end }] of moving.entries()) {
        if (i > 0) expect(end).toBeGreaterThan(moving[i - 1]!.end)
      }
    }
  })
})
