import { expect, test } from 'vitest'
import { forEachVmapArea } from '../../src/kernel/vmap_area.js'
import { openLive } from '../../src/live/open_live.js'
import { agreeing } from '../support/agree.js'
import { describeLive } from '../support/live.js'
import { procText } from '../support/proc.js'

/** The sizes of the areas in use; addresses are hashed there unless kernel.kptr_restrict is 1. */
function vmallocSizes(): number[] {
  const lines = procText('vmallocinfo')!.trimEnd().split('\n')
  const inUse = lines.filter((line) => !line.includes('unpurged'))
  return inUse.map((line) => Number(line.split(/\s+/)[1])).sort((a, b) => a - b)
}

describeLive('the areas of vmalloc', () => {
  test('are as many and as large as in /proc/vmallocinfo', async () => {
    using kernel = openLive()
    const look = () => {
      const before = vmallocSizes()
      const areas = [...forEachVmapArea(kernel)]
      const sizes = areas.map(({ va_start, va_end }) => Number(va_end - va_start))
      const seen = sizes.sort((a, b) => a - b).join(' ')
      const isSame = seen === before.join(' ') || seen === vmallocSizes().join(' ')
      return isSame && areas.length > 100 ? [] : [seen]
    }
    expect(await agreeing(30, look)).toEqual([])
  })

  test('ascend, and those of the stacks of tasks are among them', async () => {
    using kernel = openLive()
    const areas = [...forEachVmapArea(kernel)]
    areas.forEach(({ va_start }, i) => {
      if (i > 0) expect(va_start).toBeGreaterThanOrEqual(areas[i - 1]!.va_end)
    })
    const starts = new Map(areas.map((area) => [area.va_start, area]))
    // What lives as long as the kernel does.
    for (const pid of [1, 2]) {
      const { stack, stack_vm_area } = kernel.findTask(pid)!
      const area = starts.get(stack.$address)!
      expect(area.vm.$address).toBe(stack_vm_area.$address)
      expect(area.va_end).toBe(stack.$address + BigInt(kernel.threadSize) + 4096n)
    }
  })
})
