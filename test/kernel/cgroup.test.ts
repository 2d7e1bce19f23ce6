import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { taskCgroupPath, taskCgroups } from '../../src/kernel/cgroup.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { openLive } from '../../src/live/open_live.js'
import { agreeing, Disagreements } from '../support/agree.js'
import { describeLive } from '../support/live.js'
import { processes, procText } from '../support/proc.js'
import { compile, Running } from '../support/program.js'

/** Where cgroup v2 is mounted, or undefined. */
function cgroup2(): string | undefined {
  const line = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .find((mount) => mount.split(' ')[2] === 'cgroup2')
  return line?.split(' ')[1]
}

/** What kernel memory and /proc/PID/cgroup do not agree on. */
function compareCgroups(kernel: Kernel, pid: number): string[] {
  const before = procText(`${pid}/cgroup`)
  const task = kernel.findTask(pid)
  if (task === undefined) return []
  const seen = taskCgroups(task).map(({ hierarchy, controllers, name, path }) => {
    const named = name === '' ? controllers : [...controllers, `name=${name}`]
    return `${hierarchy}:${named.join()}:${path}`
  })
  const after = procText(`${pid}/cgroup`)
  if (before === undefined || after === undefined) return []
  const all = new Disagreements(`process ${pid}`)
  all.same('cgroup', seen, sorted(before), sorted(after))
  return all.found
}

/** By descending number of the hierarchy. */
function sorted(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10))
}

const mount = cgroup2()

describeLive('cgroups against /proc', () => {
  test('of every process', async () => {
    using kernel = openLive()
    const found: string[] = []
    for (const pid of processes()) {
      found.push(...(await agreeing(5, () => compareCgroups(kernel, pid))))
    }
    expect(found).toEqual([])
  })

  test.skipIf(mount === undefined)('deep in the tree, and after it was removed', async () => {
    using kernel = openLive()
    const top = join(mount!, `ksight-test-${process.pid}`)
    const deep = join(top, 'a name with spaces', 'x'.repeat(200))
    mkdirSync(deep, { recursive: true })
    try {
      await using running = await Running.start(compile('states'))
      const zombie = Number(running.lines.find((line) => line.startsWith('Z'))!.slice(2))
      for (const pid of [running.pid, zombie]) {
        expect(taskCgroupPath(kernel.findTask(pid)!)).toBe(line0(pid))
      }
      writeFileSync(join(deep, 'cgroup.procs'), String(running.pid))
      expect(compareCgroups(kernel, running.pid)).toEqual([])
      expect(taskCgroupPath(kernel.findTask(running.pid)!)).toMatch(/\/a name with spaces\/x{200}$/)
      writeFileSync(join(mount!, 'cgroup.procs'), String(running.pid))
    } finally {
      rmdirSync(deep)
      rmdirSync(join(deep, '..'))
      rmdirSync(top)
    }
  })

  test.skipIf(mount === undefined)('a zombie whose cgroup was removed', async () => {
    using kernel = openLive()
    const group = join(mount!, `ksight-zombie-${process.pid}`)
    mkdirSync(group)
    await using running = await Running.start(compile('zombie'), [join(group, 'cgroup.procs')])
    const zombie = Number(running.lines[0])
    rmdirSync(group)
    expect(line0(zombie)).toMatch(/ \(deleted\)$/)
    expect(taskCgroupPath(kernel.findTask(zombie)!)).toBe(line0(zombie))
    expect(compareCgroups(kernel, zombie)).toEqual([])
  })
})

/** The path of the line `0::`. */
function line0(pid: number): string | undefined {
  return /^0::(.*)$/m.exec(procText(`${pid}/cgroup`)!)?.[1]
}
