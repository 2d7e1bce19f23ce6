import { beforeAll, describe, expect, test } from 'vitest'
import { openImage } from '../../src/files/open_image.js'
import { taskMm } from '../../src/kernel/mm.js'
import { vmaResidency } from '../../src/kernel/residency.js'
import { listVmas } from '../../src/kernel/vma_summary.js'
import { type Image, image } from '../support/images.js'
import { describeLab } from '../support/lab.js'

const KERNELS = [
  { kernel: '6.1', la57: false },
  { kernel: '6.12', la57: true },
] as const

const HUGE_PAGE = 2 << 20

describeLab('what is in memory of every process of an image, against /proc/PID/status', () => {
  describe.each(KERNELS)('Debian’s $kernel, 5-level paging: $la57', (options) => {
    let images: Image
    beforeAll(async () => {
      images = await image(options)
    })

    test('amounts and page tables', () => {
      using kernel = openImage([images.elf])
      const wrong: string[] = []
      let compared = 0
      for (const { pid, status } of images.truth.processes) {
        const mm = taskMm(kernel.findTask(pid)!)
        if (mm === null) continue
        const { vmas, tables, outside, skipped } = vmaResidency(kernel, mm, listVmas(kernel, mm))
        const sum = (of: keyof (typeof vmas)[number]) => {
          return vmas.reduce((all, vma) => all + vma[of], 0)
        }
        // The kernel counts a table that is set aside for each huge page, but no P4D.
        const lower = tables.get('PUD')! + tables.get('PMD')! + tables.get('PTE')!
        const found = {
          VmRSS: sum('resident') / 1024,
          VmSwap: sum('swapped') / 1024,
          VmPTE: (lower + sum('huge') / HUGE_PAGE) * 4,
        }
        expect({ outside: outside.resident, skipped }).toEqual({ outside: 0, skipped: [] })
        for (const [name, kB] of Object.entries(found)) {
          const shown = Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1])
          // Up to 6.1 each thread keeps its last faults to itself: up to 64 pages of each kind.
          const isExact = name !== 'VmRSS' || options.kernel !== '6.1'
          if (isExact ? kB !== shown : kB < shown) wrong.push(`${pid} ${name}: ${kB}, not ${shown}`)
        }
        compared++
      }
      expect(wrong).toEqual([])
      expect(compared).toBeGreaterThan(20)
    })
  })
})
