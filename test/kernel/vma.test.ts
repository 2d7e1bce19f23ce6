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
import { ScratchDirectory } from '../support/files.js'
import { describeLive } from '../support/live.js'
import { mapsLine, mapsLines } from '../support/maps.js'
import { processes, procText } from '../support/proc.js'
import { compile, Running } from '../support/program.js'

/** The lines of /proc/PID/maps, without that of the kernel's own page. */
function maps(pid: number): string[] | undefined {
  const text = procText(`${pid}/maps`)
  if (text === undefined) return undefined
  return mapsLines(text).filter((line) => !line.endsWith(' [vsyscall]'))
}

function mmOf(kernel: Kernel, pid: number) {
  return taskMm(kernel.findTask(pid)!)!
}

/** What kernel memory and /proc/PID/maps, which says the same before and after, do not agree on. */
function compareMaps(kernel: Kernel, pid: number): string[] {
  const before = maps(pid)
  const task = kernel.findTask(pid)
  const mm = task && taskMm(task)
  const seen = mm ? listVmas(kernel, mm, kernel.current.fs.root).map(mapsLine) : []
  const after = maps(pid)
  if (before === undefined || after === undefined) return []
  // Only what /proc itself shows otherwise before and after may differ.
  const moved = [...before, ...after].filter((l) => !before.includes(l) || !after.includes(l))
  const strange = seen.filter((line) => !before.includes(line) && !after.includes(line))
  const missing = after.filter((line) => !seen.includes(line) && before.includes(line))
  return [
    ...strange
      .filter((line) => !moved.some((m) => overlap(m, line)))
      .map((l) => `${pid} has no ${l}`),
    ...missing.map((line) => `${pid} lacks ${line}`),
  ]
}

function overlap(a: string, b: string): boolean {
  const [one, other] = [a, b].map((line) => {
    return line.split(/[- ]/, 2).map((address) => BigInt(`0x${address}`))
  })
  return one![0]! < other![1]! && other![0]! < one![1]!
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
      for (const [i, { start }] of moving.entries()) {
        if (i > 0) expect(start).toBeGreaterThanOrEqual(moving[i - 1]!.end)
      }
    }
  })
})
