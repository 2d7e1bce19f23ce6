import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boot } from '../../lab/boot.mjs'
import { modulesInOrder } from '../../lab/modules.mjs'
import type { Vm } from '../../lab/vm.mjs'
import { openImage } from '../../src/files/open_image.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { taskMm } from '../../src/kernel/mm.js'
import { vmaResidency } from '../../src/kernel/residency.js'
import { listVmas } from '../../src/kernel/vma_summary.js'
import { json, output } from '../cli/ksight.js'
import { ScratchDirectory } from '../support/files.js'
import { describeLab } from '../support/lab.js'
import { compile } from '../support/program.js'
import { parseSmaps, residencyLines, smapsLines } from '../support/smaps.js'

const KERNELS = [
  { kernel: '6.1', la57: true },
  { kernel: '6.12', la57: false },
] as const

const TIMEOUT = 240_000

interface Stopped {
  readonly pid: number
  readonly smaps: string
}

describeLab('what is in memory and in swap of each mapping, in an image', () => {
  describe.each(KERNELS)('of Debian’s $kernel, 5-level paging: $la57', ({ kernel, la57 }) => {
    const scratch = new ScratchDirectory()
    const image = join(scratch.path, 'vmcore')
    const stopped: Stopped[] = []
    let guest: Vm
    let opened: Kernel

    beforeAll(async () => {
      // On disk the guest sees it too.
      for (const [name, bytes] of await modulesInOrder(kernel, ['brd'])) {
        writeFileSync(join(scratch.path, `${name}.ko`), bytes)
      }
      const commandLine = 'transparent_hugepage=madvise'
      await using vm = await boot({ kernel, la57, memory: '640M', commandLine })
      guest = vm
      await run(`/run/lab/busybox insmod ${scratch.path}/brd.ko rd_nr=1 rd_size=65536
        mkswap /dev/ram0 >/dev/null; swapon /dev/ram0; echo 2 >/proc/sys/vm/nr_hugepages
        mkfifo /run/forever; truncate -s 8192 /run/mapped`)
      await start('residency')
      await start('layout', '/run/mapped')
      await start('threads', '5', '0', '1')
      for (const name of ['residency', 'layout', 'threads']) {
        const pid = Number(await run(`pgrep -o -x ${name}`))
        await run(`kill -STOP ${pid}; while ! grep -q '^State:.T' /proc/${pid}/status; do :; done`)
        stopped.push({ pid, smaps: await run(`cat /proc/${pid}/smaps`) })
      }
      await vm.qmp('stop')
      await vm.dump(image)
      opened = openImage([image])
    }, TIMEOUT)
    afterAll(() => {
      opened?.[Symbol.dispose]()
      rmSync(scratch.path, { recursive: true, force: true })
    })

    async function run(script: string): Promise<string> {
      const { exitCode, stdout, stderr } = await guest.run('sh', ['-ec', script])
      expect({ script, exitCode, stderr }).toEqual({ script, exitCode: 0, stderr: '' })
      return stdout
    }

    function start(name: string, ...args: string[]): Promise<string> {
      const script = 'exec "$@" 0<>/run/forever'
      return guest.start('sh', ['-c', script, 'sh', compile(name), ...args])
    }

    test('is what smaps shows', () => {
      const kinds = { Swap: 0, AnonHugePages: 0, Private_Hugetlb: 0 }
      for (const { pid, smaps } of stopped) {
        const mm = taskMm(opened.findTask(pid)!)!
        const vmas = listVmas(opened, mm)
        const found = vmaResidency(opened, mm, vmas)
        const entries = parseSmaps(smaps)
        expect(residencyLines(vmas, found)).toEqual(smapsLines(entries))
        expect(found.skipped).toEqual([])
        for (const { amounts } of entries) {
          for (const name of ['Swap', 'AnonHugePages', 'Private_Hugetlb'] as const) {
            kinds[name] += amounts.get(name) ?? 0
          }
        }
      }
      // 16 pages; two huge pages of one program and perhaps one of another; one of hugetlb.
      expect(kinds).toMatchObject({ Swap: 64, Private_Hugetlb: 2048 })
      expect([4096, 6144]).toContain(kinds.AnonHugePages)
    })

    test('is what the commands show', () => {
      const { pid, smaps } = stopped[0]!
      const { totals } = json<{ totals: Record<string, number> }>('-c', image, 'vas', String(pid))
      const sum = (name: string) => {
        return parseSmaps(smaps).reduce((all, { amounts }) => all + (amounts.get(name) ?? 0), 0)
      }
      expect(totals.resident).toBe(sum('Rss') * 1024)
      expect(totals.swapped).toBe(64 * 1024)
      expect(output('-c', image, 'vas', String(pid))).toMatch(/│█+▒+│\n.* anonymous, 64K swap/)
      const { walked } = json<{ walked: Record<string, number> }>('-c', image, 'mem', String(pid))
      expect({ rss: walked.VmRSS, swap: walked.VmSwap }).toEqual({
        rss: totals.resident,
        swap: totals.swapped,
      })
    })
  })
})
