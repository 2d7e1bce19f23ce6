import { hex } from '../bytes/hex.js'
import { InconsistentError, type KsightError } from '../errors.js'
import { readOrFault } from '../memory/memory.js'
import { type Columns, viewOf } from './columns.js'
import type { Kernel } from './kernel.js'
import { isKthread } from './kthread.js'
import { idleTask } from './percpu.js'
import { procTaskNames, taskNameColumns } from './proc_task_name.js'
import { stateChar } from './state.js'
import { fail, type OnMissing } from './still_tasks.js'
import type { TaskScope } from './task_source.js'
import { taskColumns, taskRecords, type Walk } from './tasks.js'
import { INVALID_ID } from './user_namespace.js'

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

/** Members of the task_struct itself; its thread_info may be elsewhere, but only of kernels before 4.9. */
const IN_TASK: ReadonlySet<Path> = new Set<Path>([
  ...PATHS.filter((path) => !path.includes('.')),
  ...(['__state', 'state', 'thread_info.cpu', 'cpu'] as const),
])

/**
 * All processes (their main threads) or all threads, without the idle ones. `onMissing` is told of
 * what is damaged in an image; unless it throws, the rest is given.
 */
export function listTasks(
  kernel: Kernel,
  scope: TaskScope,
  walk?: Walk,
  onMissing: OnMissing = fail,
): TaskSummary[] {
  const columns = summaryColumns(kernel)
  const tasks: TaskSummary[] = []
  for (const records of taskRecords(kernel, columns, scope, walk, onMissing)) {
    summarize(columns, readable(kernel, columns, records, onMissing), tasks)
  }
  giveFullNames(kernel, tasks)
  return tasks
}

/** The idle threads, swapper/N, one of each CPU; `onMissing` as for {@link listTasks}. */
export function listIdleTasks(kernel: Kernel, onMissing: OnMissing = fail): TaskSummary[] {
  const addresses = kernel.cpus.map((cpu) => idleTask(kernel, cpu).$address)
  const columns = summaryColumns(kernel)
  const tasks: TaskSummary[] = []
  const records = columns.collect(kernel.uncached, addresses)
  summarize(columns, readable(kernel, columns, records, onMissing), tasks)
  return tasks.map((task) => ({ ...task, idle: true }))
}

/** The records of those tasks of an image that can be read; a running kernel's are as they are. */
function readable(
  kernel: Kernel,
  columns: Columns<Path>,
  bytes: Uint8Array,
  onMissing: OnMissing,
): Uint8Array {
  if (kernel.image === undefined) return bytes
  const records = viewOf(bytes)
  const { stride } = columns
  let kept = 0
  for (const at of columns.starts(bytes)) {
    const missing = columns.missing(records, at)
    if (missing.length > 0) {
      onMissing(whyMissing(kernel, columns.address(records, at), missing))
      // Of a task whose struct is there, what it points to may be missing.
      if (missing.some((path) => IN_TASK.has(path))) continue
    }
    bytes.copyWithin(kept, at, at + stride)
    kept += stride
  }
  return bytes.subarray(0, kept)
}

function whyMissing(kernel: Kernel, task: bigint, paths: readonly Path[]): KsightError {
  const length = kernel.space.struct('task_struct').type.size
  const bytes = readOrFault(kernel.uncached, { address: task, length })
  if (bytes instanceof Error) return bytes
  return new InconsistentError(
    `what should be a task_struct at ${hex(task)} is damaged`,
    `it does not lead to ${paths.join(', ')}`,
  )
}

function summaryColumns(kernel: Kernel): Columns<Path> {
  const { space } = kernel
  const state = space.has('task_struct', '__state') ? '__state' : 'state'
  const cpu = space.has('thread_info', 'cpu') ? 'thread_info.cpu' : 'cpu'
  return taskColumns<Path>(kernel, [...PATHS, state, cpu])
}

/** Reads the records by cells, because there may be very many. */
function summarize(columns: Columns<Path>, bytes: Uint8Array, into: TaskSummary[]): void {
  const records = viewOf(bytes)
  const cell = <T>(path: Path) => columns.cell<T>(records, path)
  const tgid = cell<number>('tgid')
  const pid = cell<number>('pid')
  const comm = cell<string>('comm')
  const flags = cell<number>('flags')
  const stack = cell<bigint>('stack')
  const state = columns.has('__state') ? cell<number>('__state') : cell<bigint>('state')
  const exitState = cell<number>('exit_state')
  const cpu = cell<number>(columns.has('cpu') ? 'cpu' : 'thread_info.cpu')
  const parent = cell<number>('real_parent.tgid')
  const uid = cell<number>('real_cred.uid.val')
  const euid = cell<number>('real_cred.euid.val')
  const threads = cell<number>('signal.nr_threads')
  for (let at = 0; at + columns.stride <= bytes.length; at += columns.stride) {
    into.push({
      tgid: tgid(at)!,
      pid: pid(at)!,
      ppid: parent(at) ?? 0,
      ruid: uid(at) ?? INVALID_ID,
      euid: euid(at) ?? INVALID_ID,
      state: stateChar(Number(state(at)), exitState(at)!),
      threads: threads(at) ?? 0,
      comm: comm(at)!,
      kernelThread: isKthread({ flags: flags(at)! }),
      idle: false,
      cpu: cpu(at)!,
      task: columns.address(records, at),
      stack: stack(at) || undefined,
    })
  }
}

/** Kernel threads may have longer names than fit into `comm`. */
function giveFullNames(kernel: Kernel, tasks: TaskSummary[]): void {
  const kthreads: number[] = []
  tasks.forEach(({ kernelThread }, i) => {
    if (kernelThread) kthreads.push(i)
  })
  const columns = taskColumns(kernel, taskNameColumns(kernel))
  const addresses = kthreads.map((i) => tasks[i]!.task!)
  const rows = [...columns.decodeAll(columns.collect(kernel.uncached, addresses))]
  procTaskNames(kernel, rows).forEach((comm, n) => {
    const i = kthreads[n]!
    tasks[i] = { ...tasks[i]!, comm }
  })
}
