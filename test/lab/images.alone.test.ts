import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { TrueTask } from '../support/image_truth.js'
import { crashedImage, image } from '../support/images.js'
import { describeLab } from '../support/lab.js'

const TIMEOUT = 600_000

describeLab('memory images of the lab', () => {
  test.each([
    { kernel: '6.1', la57: true },
    { kernel: '6.12', la57: false },
  ] as const)(
    '$kernel, 5-level paging $la57: the truth is whole',
    { timeout: TIMEOUT },
    async (options) => {
      const { elf, raw, kdumpZlib, kallsyms, truth } = await image(options)
      expect(execFileSync('readelf', ['-n', elf], { encoding: 'utf8' })).toContain('VMCOREINFO')
      expect(readFileSync(kdumpZlib).toString('latin1', 0, 12)).toBe('makedumpfile')
      expect(statSync(raw).size).toBe(512 << 20)
      expect(readFileSync(kallsyms, 'utf8')).toMatch(/^[0-9a-f]{16} D init_task$/m)
      expect(truth.uname).toContain(`Linux lab ${options.kernel}.`)
      expect(truth.facts.pgtable_l5_enabled).toBe(Number(options.la57))
      expect(truth.dmesg).toMatch(/^\[ +0\.000000\] Linux version /)
      expect(truth.kmsg).toContain(';Linux version ')
      expect(truth.registers).toContain('CPU#1')
      expect(truth.cpus).toBe(2)
      expect(truth.btf.find(({ name }) => name === 'vmlinux')!.size).toBeGreaterThan(1 << 20)

      // The module and ps agree, and both saw tasks of every kind.
      const threads = truth.tasks.filter(({ pid }) => pid !== 0)
      const seen = (tasks: readonly number[]) => tasks.toSorted((a, b) => a - b)
      expect(seen(threads.map(({ pid }) => pid))).toEqual(seen(truth.ps.map(({ tid }) => tid)))
      expect(truth.ps.map(({ stat }) => stat[0])).toEqual(expect.arrayContaining([...'SDTZI']))

      // So do its walks and /proc/PID/pagemap.
      const walks = new Map(truth.walks.map((walk) => [`${walk.pid} ${walk.address}`, walk]))
      for (const { pid, address, pfn } of truth.pagemap) {
        const physical = walks.get(`${pid} ${address}`)?.physical ?? null
        expect(physical === null ? null : Number(BigInt(physical) >> 12n)).toBe(pfn)
      }
      for (const size of [4096, 2 << 20, null]) {
        expect(truth.walks.filter((walk) => walk.size === size).length).toBeGreaterThan(10)
      }

      // Each task is in the image, where the walk says.
      const found = truth.tasks.filter((task) => walks.has(`0 ${task.task}`))
      expect(found.length).toBeGreaterThan(80)
      for (const task of found) {
        const { physical } = walks.get(`0 ${task.task}`)!
        expect(commOffset(raw, Number(physical), task)).toBeGreaterThan(0)
      }
    },
  )

  test.each([
    { kernel: '6.1', how: 'sysrq', why: 'sysrq triggered crash', what: 'sysrq: Trigger a crash' },
    { kernel: '6.12', how: 'null', why: 'Fatal exception', what: 'NULL pointer dereference' },
  ] as const)(
    '$kernel, crashed by $how',
    { timeout: TIMEOUT },
    async ({ why, what, ...options }) => {
      const { elf, console, truth } = await crashedImage(options)
      expect(console).toContain(`---[ end Kernel panic - not syncing: ${why} ]---`)
      expect(console).toMatch(/Comm: last_look /)
      const bytes = readFileSync(elf)
      for (const message of [why, what]) expect(bytes.includes(message)).toBe(true)
      expect(truth.tasks.filter(({ comm }) => comm === 'last_look')).toHaveLength(1)
    },
  )
})

/** Where the name of a task is within its task_struct; -1 if it is not. */
function commOffset(raw: string, at: number, { comm }: TrueTask): number {
  const bytes = Buffer.alloc(8192)
  const file = openSync(raw, 'r')
  readSync(file, bytes, 0, bytes.length, at)
  closeSync(file)
  return bytes.indexOf(`${comm}\0`, 0, 'latin1')
}
