import { kill } from 'node:process'
import { expect, test } from 'vitest'
import { followPage } from '../../src/kernel/follow_page.js'
import { taskMm } from '../../src/kernel/mm.js'
import { mmPages } from '../../src/kernel/mm_pages.js'
import { mmRoot } from '../../src/kernel/mm_root.js'
import { listVmas } from '../../src/kernel/vma_summary.js'
import { openLive } from '../../src/live/open_live.js'
import { forEachMapping } from '../../src/memory/paging/mappings.js'
import { describeLive } from '../support/live.js'
import { readPagemap } from '../support/pagemap.js'
import { procText } from '../support/proc.js'
import { compile, Running } from '../support/program.js'

const GIB = 2 ** 30
const PRESENT = 1n << 63n
const PFN = (1n << 55n) - 1n

describeLive('a stopped process of more than 1 GiB', () => {
  test('has each page where /proc/PID/pagemap has it, and counts what the kernel counts', async () => {
    using kernel = openLive()
    const args = [String(GIB / 4096), '1000', process.execPath]
    await using running = await Running.start(compile('pages'), args)
    kill(running.pid, 'SIGSTOP')
    try {
      const mm = taskMm(kernel.findTask(running.pid)!)!
      const { userMode } = kernel.pageTables
      const root = mmRoot(kernel, mm)
      let pages = 0
      for (const { start, end } of listVmas(kernel, mm)) {
        const theirs = readPagemap(running.pid, start, Number((end - start) >> 12n))
        const ours = new BigUint64Array(theirs.length)
        for (const run of forEachMapping(userMode, kernel.physical, root, start, end)) {
          const first = Number((run.virtual - start) >> 12n)
          for (let i = 0; i < Number(run.length >> 12n); i++) {
            ours[first + i] = PRESENT | ((run.physical >> 12n) + BigInt(i))
          }
        }
        const differ = theirs.findIndex((entry, i) => {
          return (entry & PRESENT) === 0n ? ours[i] !== 0n : (entry & (PRESENT | PFN)) !== ours[i]
        })
        expect(differ).toBe(-1)
        pages += ours.filter((entry) => entry !== 0n).length
        // The walk of one address finds the same as that of all.
        for (let i = 0; i < ours.length; i += 997) {
          const { end: found } = followPage(kernel, mm, start + BigInt(i) * 4096n)
          const pfn = found.kind === 'page' ? PRESENT | (found.physical >> 12n) : 0n
          expect(pfn).toBe(ours[i])
        }
      }
      expect(pages).toBeGreaterThan(GIB / 4096)

      const sums = mmPages(kernel, mm)
      const counted = sums.sizes.reduce((sum, { size, count }) => sum + (size / 4096) * count, 0)
      expect(counted).toBe(pages)
      const [, rss] = /^VmRSS:\s+(\d+) kB$/m.exec(procText(`${running.pid}/status`)!)!
      expect(sums.resident).toBe(Number(rss) * 1024)
      expect(sums.counted).toBe(sums.resident)
      const [, tables] = /^VmPTE:\s+(\d+) kB$/m.exec(procText(`${running.pid}/status`)!)!
      const below = sums.tables.filter(({ level }) => level !== 'PGD')
      expect(below.reduce((sum, { count }) => sum + count * 4, 0)).toBe(Number(tables))
    } finally {
      kill(running.pid, 'SIGCONT')
    }
  })
})
