import { expect, test } from 'vitest'
import { credGroups, credIds, taskCred } from '../../src/kernel/cred.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { taskNamespaces, taskPidNsLevel } from '../../src/kernel/namespace.js'
import {
  findTask,
  pidNrNs,
  taskActivePidNs,
  taskPids,
  taskPidVnr,
  taskTgidVnr,
} from '../../src/kernel/pid.js'
import { taskPgrpVnr, taskSessionVnr } from '../../src/kernel/relations.js'
import {
  fromKgid,
  fromKgidMunged,
  fromKuid,
  fromKuidMunged,
  INVALID_ID,
} from '../../src/kernel/user_namespace.js'
import { idrForEachEntry } from '../../src/kernel/xarray.js'
import { openLive } from '../../src/live/open_live.js'
import type { UntypedView } from '../../src/object/kernel_types.js'
import { agreeing, Disagreements } from '../support/agree.js'
import { describeLive } from '../support/live.js'
import { numbers, processes, procLink, procStatus, procText } from '../support/proc.js'
import { compile, Running } from '../support/program.js'

const LEVELS = 3

const NAMES = [
  'cgroup',
  'ipc',
  'mnt',
  'net',
  'pid',
  'pid_for_children',
  'time',
  'time_for_children',
  'user',
  'uts',
] as const

/** What kernel memory and the links in /proc/PID/ns do not agree on. */
function compareNamespaces(kernel: Kernel, pid: number): string[] {
  const links = () => NAMES.map((name) => procLink(`${pid}/ns/${name}`))
  const before = links()
  const task = kernel.findTask(pid)
  if (task === undefined) return []
  const inums = taskNamespaces(task)
  const after = links()
  const all = new Disagreements(`process ${pid}`)
  NAMES.forEach((name, i) => {
    if (before[i] === undefined || after[i] === undefined) return
    all.same(name, `${name.replace('_for_children', '')}:[${inums[name]}]`, before[i], after[i])
  })
  return all.found
}

/** A process and all its descendants. */
function tree(pid: number): number[] {
  return [pid, ...numbers(procText(`${pid}/task/${pid}/children`)).flatMap(tree)]
}

/** The rows of /proc/PID/uid_map: id inside, id here, how many. */
function idMap(pid: number, kind: 'uid' | 'gid'): number[][] {
  const text = procText(`${pid}/${kind}_map`)!
  return text.trimEnd().split('\n').map(numbers)
}

function mapped(map: readonly number[][], id: number): number {
  for (const [inside, here, count] of map) {
    if (id >= here! && id < here! + count!) return inside! + id - here!
  }
  return INVALID_ID
}

function statusOfLines(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.map((line) => [line.split(':')[0]!, line.slice(line.indexOf(':') + 1).trim()]),
  )
}

describeLive('namespaces against /proc', () => {
  test('of every process', async () => {
    using kernel = openLive()
    const found: string[] = []
    for (const pid of processes()) {
      found.push(...(await agreeing(5, () => compareNamespaces(kernel, pid))))
    }
    expect(found).toEqual([])
  })

  test('pids, from outside and from inside', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('namespaces'), [String(LEVELS)])
    const pids = tree(running.pid)
    expect(pids.flatMap((pid) => compareNamespaces(kernel, pid))).toEqual([])
    for (const pid of pids) {
      expect(taskPids(kernel.findTask(pid)!)).toEqual(numbers(procStatus(pid)!.get('NSpid')))
    }
    const innermost = kernel.findTask(pids.at(-1)!)!
    const inside = statusOfLines(running.lines)
    const said = (name: string) => Number(inside.get(name))
    expect(taskPidNsLevel(innermost)).toBe(LEVELS)
    expect(taskPidVnr(innermost)).toBe(said('Pid'))
    expect(taskTgidVnr(innermost)).toBe(said('Tgid'))
    expect(taskPidVnr(innermost)).toBe(said('getpid'))
    expect(taskPgrpVnr(innermost)).toBe(said('getpgrp'))
    expect(taskSessionVnr(innermost)).toBe(said('getsid'))
    expect(taskTgidVnr(innermost.real_parent)).toBe(said('getppid'))
  })

  test('tasks by their pids in each namespace', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('namespaces'), [String(LEVELS)])
    const task = kernel.findTask(tree(running.pid).at(-1)!)!
    const namespace = taskActivePidNs(task)!
    taskPids(task).forEach((nr, level) => {
      const upid = task.thread_pid.numbers.$at(level)
      expect(pidNrNs(task.thread_pid, upid.ns)).toBe(nr)
      expect(findTask(kernel, nr, upid.ns)?.$address).toBe(task.$address)
    })
    expect([...idrForEachEntry(kernel.space, namespace.idr.$address)].map(([id]) => id)).toEqual([
      1, 2,
    ])
    expect(findTask(kernel, 3, namespace)).toBeUndefined()
    // A process outside has no pid within.
    expect(pidNrNs(kernel.findTask(process.pid)!.thread_pid, namespace)).toBe(0)
  })

  test('ids, from outside and from inside', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('namespaces'), [String(LEVELS)])
    const pid = tree(running.pid).at(-1)!
    const cred = taskCred(kernel.findTask(pid)!)
    const ids = credIds(cred)
    const outside = procStatus(pid)!
    expect([ids.uid, ids.euid, ids.suid, ids.fsuid]).toEqual(numbers(outside.get('Uid')))
    expect([ids.gid, ids.egid, ids.sgid, ids.fsgid]).toEqual(numbers(outside.get('Gid')))
    expect(credGroups(cred)).toEqual(numbers(outside.get('Groups')))
    const inside = statusOfLines(running.lines)
    const uid = (kuid: number) => fromKuid(cred.user_ns, kuid)
    const gid = (kgid: number) => fromKgid(cred.user_ns, kgid)
    expect([ids.uid, ids.euid, ids.suid, ids.fsuid].map(uid)).toEqual(numbers(inside.get('Uid')))
    expect([ids.gid, ids.egid, ids.sgid, ids.fsgid].map(gid)).toEqual(numbers(inside.get('Gid')))
    expect(credGroups(cred).map(gid)).toEqual(numbers(inside.get('Groups')))
  })

  test('the map of each user namespace, with few extents and with many', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('namespaces'), [String(LEVELS)])
    const sizes = new Set<number>()
    for (const pid of tree(running.pid)) {
      const { user_ns } = taskCred(kernel.findTask(pid)!)
      for (const [kind, translate] of [
        ['uid', fromKuid],
        ['gid', fromKgid],
      ] as const) {
        const map = idMap(pid, kind)
        sizes.add(map.length)
        for (const id of idsToTry(map)) {
          expect([pid, kind, id, translate(user_ns, id)]).toEqual([pid, kind, id, mapped(map, id)])
        }
      }
    }
    expect([...sizes].sort()).toEqual([1, 10, 4])
  })

  test('ids that a namespace has no name for', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('namespaces'), ['1'])
    const { user_ns } = taskCred(kernel.findTask(tree(running.pid).at(-1)!)!)
    expect(fromKuid(user_ns, 12345)).toBe(INVALID_ID)
    expect(fromKuidMunged(user_ns, 12345)).toBe(Number(procText('sys/kernel/overflowuid')))
    expect(fromKgidMunged(user_ns, 12345)).toBe(Number(procText('sys/kernel/overflowgid')))
    const init: UntypedView = taskCred(kernel.initTask).user_ns
    expect([0, 12345, 0xfffffffe].map((id) => fromKuid(init, id))).toEqual([0, 12345, 0xfffffffe])
  })
})

/** The first and last of each extent, and what lies beside them. */
function idsToTry(map: readonly number[][]): number[] {
  const ids = map.flatMap(([, here, count]) => [
    here! - 1,
    here!,
    here! + count! - 1,
    here! + count!,
  ])
  return ids.filter((id) => id >= 0 && id < INVALID_ID)
}
