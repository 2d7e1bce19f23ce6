import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { NotFoundError, UnsupportedError } from '../../src/errors.js'
import { cpuCurr, cpuRq, idleTask } from '../../src/kernel/percpu.js'
import { taskCpu } from '../../src/kernel/sched.js'
import { parseCpuList } from '../../src/live/cpu_list.js'
import { openLive } from '../../src/live/open_live.js'
import type { UntypedView } from '../../src/object/kernel_types.js'
import { describeLive } from '../support/live.js'
import { compile, Running } from '../support/program.js'

const NSEC_PER_TICK = 10_000_000n
const CPUTIME_USER = 0

/** Ticks that a CPU spent in user mode, by /proc/stat. */
function userTicks(cpu: number): bigint {
  const stat = readFileSync('/proc/stat', 'utf8')
  return BigInt(new RegExp(`^cpu${cpu} (\\d+)`, 'm').exec(stat)![1]!)
}

describeLive('per-CPU variables', () => {
  test('the CPUs of this machine', () => {
    using kernel = openLive()
    const possible = readFileSync('/sys/devices/system/cpu/possible', 'utf8')
    expect(kernel.cpus).toEqual(parseCpuList(possible))
  })

  test('a struct, of each CPU', () => {
    using kernel = openLive()
    for (const cpu of kernel.cpus) {
      expect(cpuRq(kernel, cpu).cpu).toBe(cpu)
      const before = userTicks(cpu)
      kernel.drop()
      const { cpustat } = kernel.perCpu('kernel_cpustat', cpu) as UntypedView
      const after = userTicks(cpu)
      const seen = cpustat[CPUTIME_USER] / NSEC_PER_TICK
      expect([seen >= before, seen <= after]).toEqual([true, true])
    }
  })

  test('the idle threads', () => {
    using kernel = openLive()
    for (const cpu of kernel.cpus) {
      const idle = idleTask(kernel, cpu)
      expect([idle.pid, idle.comm, taskCpu(idle)]).toEqual([0, `swapper/${cpu}`, cpu])
    }
    expect(idleTask(kernel, 0).$address).toBe(kernel.initTask.$address)
  })

  test('the task that runs on each CPU', async () => {
    using kernel = openLive()
    const online = parseCpuList(readFileSync('/sys/devices/system/cpu/online', 'utf8'))
    for (const cpu of online.slice(0, 2)) {
      // It runs on this CPU and no other, and nothing else does: not even this test.
      await using running = await Running.start('taskset', [
        '-c',
        String(cpu),
        'chrt',
        '-f',
        '1',
        compile('spin'),
      ])
      const seen = new Map<number, number>()
      for (let i = 0; i < 20; i++) {
        kernel.drop()
        for (const each of online) {
          const { tgid } = cpuCurr(kernel, each)
          if (each === cpu && tgid === running.pid) seen.set(each, (seen.get(each) ?? 0) + 1)
          if (each !== cpu && tgid === process.pid) seen.set(each, (seen.get(each) ?? 0) + 1)
        }
      }
      expect(seen.get(cpu)).toBeGreaterThan(15)
      const others = [...seen].filter(([each]) => each !== cpu)
      expect(others.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThan(15)
    }
  })

  test('a variable and a CPU that do not exist', () => {
    using kernel = openLive()
    expect(() => kernel.perCpu('runqueue', 0)).toThrow(NotFoundError)
    expect(() => kernel.perCpu('runqueues', 4711)).toThrow(UnsupportedError)
  })
})
