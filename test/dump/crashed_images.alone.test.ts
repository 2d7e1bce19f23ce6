import { beforeAll, describe, expect, test } from 'vitest'
import type { Overview } from '../../src/cli/overview.js'
import { output } from '../cli/ksight.js'
import { type CrashedImage, crashedImage } from '../support/images.js'
import { describeLab } from '../support/lab.js'
import { monitorRegisters } from './monitor_registers.js'

const CRASHES = [
  { kernel: '6.1', how: 'sysrq' },
  { kernel: '6.1', how: 'null' },
  { kernel: '6.12', how: 'sysrq' },
  { kernel: '6.12', how: 'null' },
] as const

describeLab('a kernel that died', () => {
  describe.each(CRASHES)('Debian’s $kernel by $how', ({ kernel, how }) => {
    let image: CrashedImage
    let overview: Overview
    beforeAll(async () => {
      image = await crashedImage({ kernel, how })
      overview = JSON.parse(output('-c', image.elf, '--json'))
    })

    test('says why, and which task did it', () => {
      const culprit = image.truth.tasks.find(({ comm }) => comm === 'last_look')!
      const { panic, cause, ip, pid, comm, taint } = overview.died!
      expect(image.console).toContain(`Kernel panic - not syncing: ${panic}`)
      expect({ pid, comm }).toEqual({ pid: culprit.pid, comm: 'last_look' })
      // The lab's module is neither of the kernel's tree nor signed.
      expect(taint!.map(({ letter }) => letter)).toEqual(
        how === 'null' ? ['D', 'O', 'E'] : ['O', 'E'],
      )
      if (how === 'null') {
        expect(cause).toBe('BUG: kernel NULL pointer dereference, address: 0000000000000000')
        expect(ip).toContain('[ksight_lab]')
      } else expect(panic).toBe('sysrq triggered crash')
    })

    test('was doing on each CPU what the registers say', () => {
      const { cpus, died } = overview
      const dead = cpus.find(({ cpu }) => cpu === died!.cpu)!
      expect(dead.current.comm).toBe('last_look')
      const monitor = monitorRegisters(image.truth.registers)
      cpus.forEach(({ cpu, ip, registers }) => {
        expect(ip).toMatch(/^\w+\+0x[0-9a-f]+$/)
        expect(BigInt(registers!.ip!)).toBe(monitor[cpu]!.ip)
        expect(BigInt(registers!.cr3!)).toBe(monitor[cpu]!.cr3)
      })
    })

    test('died when its last messages say', () => {
      const { bootTime } = image.truth
      expect(Math.floor(Date.parse(overview.bootTime) / 1000)).toBe(bootTime)
      expect(Date.parse(overview.died!.time!) / 1000).toBeGreaterThan(image.truth.time - 1)
      expect(Date.parse(overview.died!.time!)).toBeLessThanOrEqual(
        Date.parse(overview.image!.dumped) + 1000,
      )
    })

    test('logged what it printed', () => {
      const log = output('-c', image.elf, 'log')
      expect(log.startsWith(image.truth.dmesg)).toBe(true)
      const rest = log.slice(image.truth.dmesg.length).trimEnd().split('\n')
      expect(rest.length).toBeGreaterThan(10)
      // The console has no blanks at the ends of lines.
      const printed = new Set(image.console.split(/\r?\n/).map((line) => line.trimEnd()))
      expect(rest.filter((line) => !printed.has(line.trimEnd()))).toEqual([])
    })

    test('still shows its tasks', () => {
      const tasks: { task: string }[] = JSON.parse(output('-c', image.elf, 'threads', '--json'))
      const found = new Set(tasks.map(({ task }) => BigInt(task)))
      expect(image.truth.tasks.filter(({ task }) => !found.has(BigInt(task)))).toEqual([])
    })
  })
})
