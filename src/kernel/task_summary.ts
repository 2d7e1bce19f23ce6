import type { Columns, Row } from './columns.js'
import type { Kernel } from './kernel.js'
import { isKthreadFlags, procTaskNames } from './kthread.js'
import { idleTask } from './percpu.js'
import { stateChar } from './state.js'
import type { TaskScope } from './task_source.js'
import { taskColumns, taskRows, type Walk } from './tasks.js'

/** What the lists of processes and threads show of a task. */
export interface TaskSummary {
  readonly tgid: number
  readonly pid: number
  /** The tgid of the real parent, as procps's PPID. */
  readonly ppid: number
  readonly ruid: number
  readonly euid: number
  /** A letter as ps shows it: R, S, D, T, t, X, Z, P, I. */
  readonly state: string
  /** How many threads the process has. */
  readonly threads: number
  /** The name that /proc/PID/comm has, which for kernel threads may be longer than `comm`. */
  readonly comm: string
  readonly kernelThread: boolean
  /** One of the idle threads, swapper/N, that are on no list. */
  readonly idle: boolean
  /** The CPU it runs on, or ran on last. */
  readonly cpu: number
  /** The address of its task_struct; undefined where it comes from /proc. */
  readonly task: bigint | undefined
  /** Where its kernel stack starts; undefined for a dead task, and where it comes from /proc. */
  readonly stack: bigint | undefined
}

const PATHS = [
  'tgid',
  'pid',
  'comm',
  'flags',
  'mm',
  'stack',
  'exit_state',
  'real_parent.tgid',
  'real_cred.uid.val',
  'real_cred.euid.val',
  'signal.nr_threads',
] as const

/**
 * `task_struct.state` is `__state` since Linux 5.14 (commit 2f064a59a11f); `task_cpu()` is in
 * thread_info since 5.16 (commit bcf9033e5449), in `task_struct.cpu` before.
 */
type Path = (typeof PATHS)[number] | '__state' | 'state' | 'thread_info.cpu' | 'cpu'

/** All processes (their main threads) or all threads, without the idle ones. */
export function listTasks(kernel: Kernel, scope: TaskScope, walk?: Walk): TaskSummary[] {
  const columns = summaryColumns(kernel)
  const rows = [...taskRows(kernel, columns, scope, walk)]
  const names = procTaskNames(kernel, rows)
  return rows.map((row, i) => summarize(row, names[i]!))
}

/** The idle threads, swapper/N, one of each CPU. */
export function listIdleTasks(kernel: Kernel): TaskSummary[] {
  const addresses = kernel.cpus.map((cpu) => idleTask(kernel, cpu).$address)
  const columns = summaryColumns(kernel)
  const records = columns.collect(kernel.uncached, addresses)
  return [...columns.decodeAll(records)].map((row) => {
    return { ...summarize(row, String(row.comm)), idle: true }
  })
}

function summaryColumns(kernel: Kernel): Columns<Path> {
  const { space } = kernel
  const state = space.has('task_struct', '__state') ? '__state' : 'state'
  const cpu = space.has('thread_info', 'cpu') ? 'thread_info.cpu' : 'cpu'
  return taskColumns<Path>(kernel, [...PATHS, state, cpu])
}

function summarize(row: Row<Path>, comm: string): TaskSummary {
  const state = Number(row.__state ?? row.state)
  return {
    tgid: row.tgid as number,
    pid: row.pid as number,
    ppid: (row['real_parent.tgid'] ?? 0) as number,
    ruid: row['real_cred.uid.val'] as number,
    euid: row['real_cred.euid.val'] as number,
    state: stateChar(state, row.exit_state as number),
    threads: row['signal.nr_threads'] as number,
    comm,
    kernelThread: isKthreadFlags(row.flags as number, row.mm),
    idle: false,
    cpu: (row['thread_info.cpu'] ?? row.cpu) as number,
    task: row.$address,
    stack: (row.stack as { $address: bigint } | null)?.$address,
  }
}
