import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { explain } from '../../src/cli/explanation.js'
import { translate } from '../../src/cli/translation.js'
import { taskMm } from '../../src/kernel/mm.js'
import { mmPages } from '../../src/kernel/mm_pages.js'
import { openLive } from '../../src/live/open_live.js'
import { ScratchDirectory } from '../support/files.js'
import { OwnMemory, PAGE } from '../support/own_memory.js'
import { pagemapEntry, readPagemap } from '../support/pagemap.js'

const PAGES = 256

/** A swap area of 16 MiB; why there is none, if there cannot be one here. */
function startSwap(file: string): string | undefined {
  const script = `
    set -e; PATH=$PATH:/sbin:/usr/sbin
    dd if=/dev/zero of="$0" bs=1M count=16 status=none; chmod 600 "$0"
    mkswap -q "$0" >/dev/null; swapon "$0"`
  const { status, stderr } = spawnSync('sh', ['-c', script, file], { encoding: 'utf8' })
  return status === 0 ? undefined : stderr.trim()
}

const directory = new ScratchDirectory()
const file = `${directory.path}/swap`
const why = startSwap(file)
afterAll(() => {
  if (why === undefined) spawnSync('sh', ['-c', 'PATH=$PATH:/sbin:/usr/sbin swapoff "$0"', file])
  directory[Symbol.dispose]()
})

const name = why === undefined ? 'pages that are swapped out' : `pages swapped out (${why})`
describe.skipIf(why !== undefined)(name, () => {
  let memory: OwnMemory
  beforeAll(() => {
    memory = OwnMemory.map(PAGES * PAGE)
    memory.advise(0, PAGES * PAGE, 'noHugepage')
    for (let i = 0; i < PAGES; i++) memory.write(i * PAGE, i + 1, PAGE)
    expect(memory.advise(0, PAGES * PAGE, 'pageout')).toBe(true)
  })

  test('are in the area and at the offset that /proc/PID/pagemap names', () => {
    using kernel = openLive()
    const task = kernel.findTask(process.pid)!
    const entries = [...readPagemap(process.pid, memory.start, PAGES)].map(pagemapEntry)
    const swapped = entries.filter((entry) => entry.swapped).length
    expect(swapped).toBeGreaterThan(PAGES / 2)
    for (const [i, entry] of entries.entries()) {
      if (!entry.swapped) continue
      const found = translate(kernel, task, memory.start + BigInt(i * PAGE))
      const { swapType: type, swapOffset: offset } = entry
      expect(found.swap).toMatchObject({ kind: 'swap', type, offset })
      expect(explain(found)).toMatch(new RegExp(`^swapped out: area ${type}, page ${offset} of it`))
    }
    const { absent } = mmPages(kernel, taskMm(task)!)
    const counted = absent.find(({ kind }) => kind === 'swap')?.count ?? 0
    expect(counted).toBeGreaterThanOrEqual(swapped)
  })
})
