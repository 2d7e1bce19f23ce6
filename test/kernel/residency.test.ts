import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.js'
import { taskMm } from '../../src/kernel/mm.js'
import { type Residency, vmaResidency } from '../../src/kernel/residency.js'
import { listVmas, type VmaSummary } from '../../src/kernel/vma_summary.js'
import { openLive } from '../../src/live/open_live.js'
import { ScratchDirectory } from '../support/files.js'
import { describeLive } from '../support/live.js'
import { procText } from '../support/proc.js'
import { compile, Running } from '../support/program.js'
import { parseSmaps, residencyLines, smapsLines } from '../support/smaps.js'

function look(kernel: Kernel, pid: number): { vmas: VmaSummary[]; found: Residency } {
  const mm = taskMm(kernel.findTask(pid)!)!
  const vmas = listVmas(kernel, mm)
  return { vmas, found: vmaResidency(kernel, mm, vmas) }
}

/** Stopped, so that the two looks at it see the same. */
function expectAsSmaps(kernel: Kernel, pid: number): Residency {
  process.kill(pid, 'SIGSTOP')
  while (!/^State:\tT/m.test(procText(`${pid}/status`)!));
  const { vmas, found } = look(kernel, pid)
  expect(residencyLines(vmas, found)).toEqual(smapsLines(parseSmaps(procText(`${pid}/smaps`)!)))
  process.kill(pid, 'SIGCONT')
  return found
}

describeLive('what is in memory of each mapping, against /proc/PID/smaps', () => {
  test('of a program with mappings of all kinds', async () => {
    using kernel = openLive()
    using directory = new ScratchDirectory()
    const file = join(directory.path, 'file')
    writeFileSync(file, '')
    truncateSync(file, 8192)
    await using running = await Running.start(compile('layout'), [file])
    const { vmas, outside, skipped, tables } = expectAsSmaps(kernel, running.pid)
    const sum = (of: keyof (typeof vmas)[number]) => vmas.reduce((all, vma) => all + vma[of], 0)
    expect(sum('resident')).toBeGreaterThan(2 ** 20)
    expect(skipped).toEqual([])
    expect(Object.values(outside)).toEqual([0, 0, 0, 0, 0, 0])
    // VmPTE counts neither PGD nor P4D.
    expect(tables.get('PGD')).toBe(1)
    const lower = (['PUD', 'PMD', 'PTE'] as const).map((level) => tables.get(level)!)
    const kB = Number(/^VmPTE:\s+(\d+) kB$/m.exec(procText(`${running.pid}/status`)!)![1])
    expect(lower.reduce((all, count) => all + count, 0) * 4).toBe(kB)
  })

  test('of a program with many threads, and of Node.js', async () => {
    using kernel = openLive()
    await using threads = await Running.start(compile('threads'), ['100', '0', '1'])
    expectAsSmaps(kernel, threads.pid)
    const script = 'console.log("ready"); process.stdin.resume()'
    await using node = await Running.start(process.execPath, ['-e', script])
    expectAsSmaps(kernel, node.pid)
  })

  test('of pages of every kind', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('residency'))
    const kinds = new Map(running.lines.map((line) => line.split(' ') as [string, string]))
    const { vmas } = look(kernel, running.pid)
    const found = expectAsSmaps(kernel, running.pid)
    const at = (kind: string) => {
      const address = BigInt(`0x${kinds.get(kind)}`)
      return found.vmas[vmas.findIndex(({ start, end }) => start <= address && address < end)]!
    }
    expect(at('untouched')).toMatchObject({ resident: 0, special: 0 })
    expect(at('half')).toMatchObject({ resident: 32 * 4096, huge: 0 })
    expect(at('zero')).toMatchObject({ resident: 0, special: 64 * 4096 })
    expect(at('closed')).toMatchObject({ resident: 64 * 4096 })
    expect(at('huge')).toMatchObject({ resident: 4 << 20, huge: 4 << 20 })
    expect(at('huge-zero')).toMatchObject({ resident: 0, special: 2 << 20 })
    if (kinds.has('guarded')) expect(at('guarded')).toMatchObject({ guard: 16 * 4096 })
    if (kinds.has('hugetlb')) expect(at('hugetlb')).toMatchObject({ hugetlb: 2 << 20 })
  })
})
