import { describe, expect, test } from 'vitest'
import {
  type CpuTimes,
  nsecToClockT,
  taskCputimeAdjusted,
  threadGroupCputimeAdjusted,
} from '../../src/kernel/cputime.js'
import { credCapabilities, credGroups, credIds, taskCred } from '../../src/kernel/cred.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { isKthread } from '../../src/kernel/kthread.js'
import { taskPids } from '../../src/kernel/pid.js'
import { procTaskName } from '../../src/kernel/proc_task_name.js'
import {
  forEachChild,
  getNrThreads,
  pidNr,
  taskPgrp,
  taskPgrpNr,
  taskPpidNr,
  taskSessionNr,
  taskTtyNr,
  threadGroupEmpty,
  threadGroupLeader,
} from '../../src/kernel/relations.js'
import {
  taskContextSwitches,
  taskCpu,
  taskCpusAllowed,
  taskNice,
  taskPrio,
  taskStartTime,
} from '../../src/kernel/sched.js'
import { stateName, taskState, taskStateToChar } from '../../src/kernel/state.js'
import { openLive } from '../../src/live/open_live.js'
import type { UntypedView } from '../../src/object/kernel_types.js'
import { agreeing, Disagreements } from '../support/agree.js'
import { describeLive } from '../support/live.js'
import { numbers, procNumbers, procStat, procStatus, procText, threads } from '../support/proc.js'
import { compile, Running } from '../support/program.js'

/** A thread as /proc shows it. */
function procThread(tgid: number, tid: number) {
  const path = `${tgid}/task/${tid}`
  const stat = procStat(path)
  const status = procStatus(path)
  const children = procText(`${path}/children`)
  if (stat === undefined || status === undefined || children === undefined) return undefined
  return { stat, status, children: numbers(children) }
}

/** What does not agree between kernel memory and /proc about a thread; nothing, if it has ended. */
function compareThread(kernel: Kernel, tgid: number, tid: number): string[] {
  const before = procThread(tgid, tid)
  const task = kernel.findTask(tid)
  const seen = task && look(kernel, task)
  const after = procThread(tgid, tid)
  const same = before?.stat.field(22) === after?.stat.field(22)
  if (before === undefined || after === undefined || !same) return []
  if (seen === undefined) return [`${tid} ${before.stat.comm}: not found`]
  const all = new Disagreements(`${tid} ${before.stat.comm}`)
  compareStat(all, seen, before.stat, after.stat)
  compareStatus(all, seen, before.status, after.status)
  all.same('children', seen.children, before.children, after.children)
  return all.found
}

type Seen = ReturnType<typeof look>

/** Everything the helpers say of a thread. */
function look(kernel: Kernel, task: UntypedView) {
  const cred = taskCred(task)
  return {
    task,
    name: procTaskName(kernel, task),
    state: taskStateToChar(task),
    ppid: taskPpidNr(task),
    pgrp: taskPgrpNr(task),
    session: taskSessionNr(task),
    tty: taskTtyNr(task),
    threads: getNrThreads(task),
    pids: taskPids(task),
    tgids: taskPids(task.group_leader),
    ids: credIds(cred),
    groups: credGroups(cred),
    capabilities: credCapabilities(cred),
    cpus: taskCpusAllowed(kernel, task),
    switches: taskContextSwitches(task),
    times: taskCputimeAdjusted(task),
    children: [...forEachChild(task)].map((child) => child.tgid),
  }
}

function compareStat(
  all: Disagreements,
  seen: Seen,
  before: NonNullable<ReturnType<typeof procStat>>,
  after: NonNullable<ReturnType<typeof procStat>>,
): void {
  const same = (name: string, value: unknown, field: number) =>
    all.same(name, value, before.int(field), after.int(field))
  const { task } = seen
  all.same('name', seen.name, before.comm, after.comm)
  all.same('state', seen.state, before.field(3), after.field(3))
  same('ppid', seen.ppid, 4)
  same('pgrp', seen.pgrp, 5)
  same('session', seen.session, 6)
  same('tty_nr', seen.tty, 7)
  same('flags', task.flags, 9)
  same('priority', taskPrio(task), 18)
  same('nice', taskNice(task), 19)
  same('num_threads', seen.threads, 20)
  same('starttime', Number(nsecToClockT(taskStartTime(task))), 22)
  same('processor', taskCpu(task), 39)
  same('rt_priority', task.rt_priority, 40)
  same('policy', task.policy, 41)
  all.between('min_flt', Number(task.min_flt), before.int(10), after.int(10))
  compareTimes(all, seen.times, before, after)
}

/**
 * The division into user and system time goes to and fro while a process runs, for the kernel keeps
 * only what it has told as its lower limit: each may be over by what was used meanwhile.
 */
function compareTimes(
  all: Disagreements,
  { utime, stime }: CpuTimes,
  before: NonNullable<ReturnType<typeof procStat>>,
  after: NonNullable<ReturnType<typeof procStat>>,
  isRunning = false,
): void {
  const least = before.int(14) + before.int(15)
  const most = after.int(14) + after.int(15)
  const isIdle = before.field(14) === after.field(14) && before.field(15) === after.field(15)
  // Of one that runs the two may have changed by less than a tick, which is enough for the next number.
  const slack = isIdle && !isRunning ? 0 : most - least + 1
  all.between('utime', Number(nsecToClockT(utime)), before.int(14), after.int(14) + slack)
  all.between('stime', Number(nsecToClockT(stime)), before.int(15), after.int(15) + slack)
  // Each of the two is rounded down, their sum but once.
  all.between('utime + stime', Number(nsecToClockT(utime + stime)), least, most + 1)
}

function compareStatus(
  all: Disagreements,
  seen: Seen,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): void {
  const same = (name: string, value: string) =>
    all.same(name, value, before.get(name), after.get(name))
  const list = (values: readonly number[]) => values.join('\t')
  const mask = (value: bigint) => value.toString(16).padStart(16, '0')
  const { task, ids, capabilities } = seen
  same('Name', seen.name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n'))
  same('State', `${seen.state} (${stateName(taskState(task), task.exit_state)})`)
  same('Tgid', String(task.tgid))
  same('Pid', String(task.pid))
  same('PPid', String(seen.ppid))
  same('TracerPid', String(task.ptrace === 0 ? 0 : task.parent.pid))
  same('Uid', list([ids.uid, ids.euid, ids.suid, ids.fsuid]))
  same('Gid', list([ids.gid, ids.egid, ids.sgid, ids.fsgid]))
  same('Groups', seen.groups.join(' '))
  same('NStgid', list(seen.tgids))
  same('NSpid', list(seen.pids))
  // Since Linux 6.8.
  if (before.has('Kthread')) same('Kthread', isKthread(task) ? '1' : '0')
  same('Threads', String(seen.threads))
  same('CapInh', mask(capabilities.inheritable))
  same('CapPrm', mask(capabilities.permitted))
  same('CapEff', mask(capabilities.effective))
  same('CapBnd', mask(capabilities.bounding))
  same('CapAmb', mask(capabilities.ambient))
  same('Cpus_allowed_list', cpuList(seen.cpus))
  const { voluntary, involuntary } = seen.switches
  const count = (name: string, from: ReadonlyMap<string, string>) => Number(from.get(name))
  for (const [name, value] of [
    ['voluntary_ctxt_switches', voluntary],
    ['nonvoluntary_ctxt_switches', involuntary],
  ] as const) {
    all.between(name, Number(value), count(name, before), count(name, after))
  }
}

/** As the kernel's `%*pbl`: `0-3,5`. */
function cpuList(cpus: readonly number[]): string {
  const ranges: number[][] = []
  for (const cpu of cpus) {
    const last = ranges.at(-1)
    if (last !== undefined && last.at(-1) === cpu - 1) last.push(cpu)
    else ranges.push([cpu])
  }
  return ranges
    .map((range) => (range.length === 1 ? range[0] : `${range[0]}-${range.at(-1)}`))
    .join()
}

async function disagreements(kernel: Kernel, list: readonly [tgid: number, tid: number][]) {
  const found: string[] = []
  for (const [tgid, tid] of list) {
    found.push(...(await agreeing(20, () => compareThread(kernel, tgid, tid))))
  }
  return found
}

function threadsOf(...pids: readonly number[]): [number, number][] {
  return pids.flatMap((pid) =>
    procNumbers(`${pid}/task`).map((tid): [number, number] => [pid, tid]),
  )
}

describeLive('tasks against /proc', () => {
  test('every thread of this machine', async () => {
    using kernel = openLive()
    const all = threads()
    expect(all.length).toBeGreaterThan(50)
    expect(await disagreements(kernel, all)).toEqual([])
  })

  test('a task in each state', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('states'))
    const expected = running.lines.map((line) => line.split(' '))
    expect(expected.map(([state]) => state)).toEqual(['R', 'S', 'D', 'T', 't', 'Z'])
    const seen = expected.map(([, pid]) => taskStateToChar(kernel.findTask(Number(pid))!))
    expect(seen).toEqual(['R', 'S', 'D', 'T', 't', 'Z'])
    const pids = expected.map(([, pid]) => Number(pid))
    expect(await disagreements(kernel, threadsOf(running.pid, ...pids))).toEqual([])
  })

  test('ids, groups and capabilities that all differ', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('creds'))
    expect(credIds(taskCred(kernel.findTask(running.pid)!))).toEqual({
      uid: 1001,
      euid: 1002,
      suid: 1003,
      fsuid: 1004,
      gid: 2001,
      egid: 2002,
      sgid: 2003,
      fsgid: 2004,
    })
    expect(await disagreements(kernel, threadsOf(running.pid))).toEqual([])
  })

  test.each([
    ['chrt', '--other', '0'],
    ['chrt', '--fifo', '7'],
    ['chrt', '--rr', '99'],
    ['chrt', '--batch', '0'],
    ['chrt', '--idle', '0'],
    ['chrt', '--deadline', '--sched-runtime', '1000000', '--sched-period', '50000000', '0'],
    ['nice', '-n', '19'],
    ['nice', '-n', '-20'],
    ['taskset', '--cpu-list', '1'],
  ])('the scheduling of %s %s', async (...command) => {
    using kernel = openLive()
    const [program, ...args] = [...command, compile('threads'), '0', '0', '0']
    await using running = await Running.start(program!, args)
    expect(await disagreements(kernel, threadsOf(running.pid))).toEqual([])
  })

  test('a controlling terminal', async () => {
    using kernel = openLive()
    const command = `${compile('threads')} 0 0 0`
    await using running = await Running.start('script', ['-qfc', command, '/dev/null'])
    const [child] = numbers(procText(`${running.pid}/task/${running.pid}/children`))
    expect(taskTtyNr(kernel.findTask(child!)!)).not.toBe(0)
    expect(await disagreements(kernel, threadsOf(running.pid, child!))).toEqual([])
  })

  test('the CPU time of a process, ended threads included', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('threads'), ['3', '0', '4'])
    const { pid } = running
    const stat = procStat(pid)!
    const times = threadGroupCputimeAdjusted(kernel, kernel.findTask(pid)!)
    expect([nsecToClockT(times.utime), nsecToClockT(times.stime)].map(Number)).toEqual([
      stat.int(14),
      stat.int(15),
    ])
    // Four threads used 50 ms each and have ended.
    expect(stat.int(14) + stat.int(15)).toBeGreaterThanOrEqual(18)
    expect(await disagreements(kernel, threadsOf(pid))).toEqual([])
  })

  test('the CPU time of a process that is running', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('threads'), ['1', '3', '1'])
    const task = kernel.findTask(running.pid)!
    for (let i = 0; i < 200; i++) {
      const before = procStat(running.pid)!
      const times = threadGroupCputimeAdjusted(kernel, task)
      const after = procStat(running.pid)!
      const all = new Disagreements('process')
      compareTimes(all, times, before, after, true)
      expect(all.found).toEqual([])
    }
  })

  test('the threads, leader and process group of a process with threads', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('threads'), ['5', '0', '0'])
    const leader = kernel.findTask(running.pid)!
    const tids = procNumbers(`${running.pid}/task`)
    const seen = [...kernel.forEachThread(leader)]
    expect(seen.map((thread) => thread.pid)).toEqual(tids)
    expect(seen.map((thread) => threadGroupLeader(thread))).toEqual(
      tids.map((tid) => tid === running.pid),
    )
    expect(seen.every((thread) => !threadGroupEmpty(thread))).toBe(true)
    expect(getNrThreads(leader)).toBe(6)
    const child = [...forEachChild(seen[1]!)][0]!
    expect(threadGroupEmpty(child)).toBe(true)
    expect(pidNr(taskPgrp(child))).toBe(procStat(child.pid)!.int(5))
    expect(await disagreements(kernel, threadsOf(running.pid, child.pid))).toEqual([])
  })
})

describe('this test', () => {
  test('finds what does not agree', () => {
    const all = new Disagreements('a thing')
    all.same('name', 'a', 'b', 'c')
    all.between('count', 3, 4, 5)
    expect(all.found).toHaveLength(2)
  })
})
