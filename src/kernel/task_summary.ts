import type { UntypedView } from '../object/kernel_types.js'
import type { Row } from './columns.js'
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

/** `task_struct.state` is `__state` since Linux 5.14 (commit 2f064a59a11f). */
const STATES = ['__state', 'state'] as const

/** `task_cpu()`: in thread_info since Linux 5.16 (commit bcf9033e5449), before that `cpu`. */
const CPUS = ['thread_info.cpu', 'cpu'] as const

type Path = (typeof PATHS)[number] | (typeof STATES)[number] | (typeof CPUS)[number]

/** All processes (their main threads) or all threads; with threads, the idle ones come first. */
export function listTasks(kernel: Kernel, scope: TaskScope, walk?: Walk): TaskSummary[] {
  const task = kernel.at('task_struct', 0n)
  const state = STATES.find((path) => task.$has(path)) ?? '__state'
  const cpu = task.thread_info_has_cpu ? CPUS[0] : CPUS[1]
  const columns = taskColumns<Path>(kernel, [...PATHS, state, cpu])
  const rows = [...taskRows(kernel, columns, scope, walk)]
  const names = procTaskNames(kernel, rows)
  const tasks = rows.map((row, i) => summarize(row, names[i]!, row[state], row[cpu]))
  return tasks
}
