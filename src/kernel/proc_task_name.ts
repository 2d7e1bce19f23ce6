import { readCStrings } from '../object/c_string.js'
import type { UntypedView } from '../object/kernel_types.js'
import { Columns, type Row } from './columns.js'
import type { Kernel } from './kernel.js'
import { isKthread, type KthreadMember, kthreadMember } from './kthread.js'
import { PF } from './pf_flags.js'

/** The longest name: `proc_task_name()` has a buffer of 64 bytes, with the NUL. */
const LONGEST_NAME = 63

/** What of a task its name is made of: a view of it, or a row of {@link taskNameColumns}. */
export type NamedTask =
  | UntypedView
  | Readonly<Record<'flags' | 'comm', unknown> & Partial<Record<KthreadMember, unknown>>>

/** The members of a task_struct that {@link procTaskNames} wants, as columns. */
export function taskNameColumns(kernel: Kernel): ('flags' | 'comm' | KthreadMember)[] {
  return ['flags', 'comm', kthreadMember(kernel.initTask)]
}

/**
 * `void proc_task_name(struct seq_file *m, struct task_struct *p, bool escape)`: the name that
 * /proc/PID/comm and `ps` show, at most 63 bytes. That of a kernel thread may be longer than
 * `comm`: the kernel keeps it in its `struct kthread` (Linux 5.17, commit d6986ce24fc0), and a
 * workqueue's worker also says what it works on (`kworker/0:1+events`), or worked on last (`-`).
 */
export function procTaskName(kernel: Kernel, task: UntypedView): string {
  return procTaskNames(kernel, [task])[0]!
}

/** The {@link procTaskName} of many tasks, with a few gathers for all of them. */
export function procTaskNames(kernel: Kernel, tasks: readonly NamedTask[]): string[] {
  const names = tasks.map((task) => String(task.comm))
  const workers: NamedKthread[] = []
  const others: NamedKthread[] = []
  tasks.forEach((task, index) => {
    const kthread = kthreadOf(task)
    if (kthread === undefined) return
    const isWorker = ((task.flags as number) & PF.PF_WQ_WORKER) !== 0
    ;(isWorker ? workers : others).push({ index, kthread })
  })
  nameWorkers(kernel, workers, names)
  nameOthers(kernel, others, names)
  return names
}

interface NamedKthread {
  /** Which of the tasks it is. */
  readonly index: number
  /** The address of its `struct kthread`. */
  readonly kthread: bigint
}

/** `to_kthread(task)`: there is none for the first kernel threads, such as kthreadd, before 5.17. */
function kthreadOf(task: NamedTask): bigint | undefined {
  if (!isKthread(task as { flags: number })) return undefined
  return addressIn(task.worker_private === undefined ? task.set_child_tid : task.worker_private)
}

/** `get_kthread_comm()` */
function nameOthers(kernel: Kernel, kthreads: readonly NamedKthread[], names: string[]): void {
  const { type } = kernel.space.struct('kthread')
  if (kernel.types.findMember(type, 'full_name') === undefined) return
  const rows = rowsOf(kernel, 'kthread', ['full_name'], addressesOf(kthreads))
  const named = kthreads.flatMap(({ index }, i) => {
    const fullName = addressIn(rows[i]!.full_name)
    return fullName === undefined ? [] : [{ index, fullName }]
  })
  const addresses = named.map(({ fullName }) => fullName)
  readCStrings(kernel.uncached, addresses, LONGEST_NAME).forEach((name, i) => {
    if (name !== undefined) names[named[i]!.index] = name
  })
}

const WORKER_COLUMNS = [
  'id',
  'desc',
  'current_work',
  'rescue_wq.name',
  'pool',
  'pool.cpu',
  'pool.id',
  'pool.attrs.nice',
] as const

type Worker = Row<(typeof WORKER_COLUMNS)[number]>

/** `wq_worker_comm()`; a worker is what `kthread_data()` of its thread points to. */
function nameWorkers(kernel: Kernel, kthreads: readonly NamedKthread[], names: string[]): void {
  const data = rowsOf(kernel, 'kthread', ['data'], addressesOf(kthreads))
  const found = kthreads.flatMap(({ index }, i) => {
    const worker = addressIn(data[i]!.data)
    return worker === undefined ? [] : [{ index, worker }]
  })
  const addresses = found.map(({ worker }) => worker)
  // Commit 2a1b02bcba78; the function is in BTF from then on.
  const since610 = kernel.types.find('format_worker_id', 'func') !== undefined
  rowsOf(kernel, 'worker', WORKER_COLUMNS, addresses).forEach((worker, i) => {
    const { index } = found[i]!
    // It ended meanwhile, and its memory is gone.
    if (worker.id === null) return
    const id = since610 ? formatWorkerId(worker) : names[index]!
    names[index] = (id + workOf(worker)).slice(0, LONGEST_NAME)
  })
}

/** `format_worker_id()`, Linux 6.10; before, the worker's `comm` said the same, cut at 15 bytes. */
function formatWorkerId(worker: Worker): string {
  if (worker['rescue_wq.name'] !== null) return `kworker/R-${worker['rescue_wq.name']}`
  if (addressIn(worker.pool) === undefined) return 'kworker/dying'
  const cpu = worker['pool.cpu'] as number
  if (cpu < 0) return `kworker/u${worker['pool.id']}:${worker.id}`
  const highPriority = (worker['pool.attrs.nice'] as number) < 0
  return `kworker/${cpu}:${worker.id}${highPriority ? 'H' : ''}`
}

function workOf(worker: Worker): string {
  if (addressIn(worker.pool) === undefined || worker.desc === '') return ''
  return `${addressIn(worker.current_work) === undefined ? '-' : '+'}${worker.desc}`
}

function addressesOf(kthreads: readonly NamedKthread[]): bigint[] {
  return kthreads.map(({ kthread }) => kthread)
}

/** A pointer of a view (an object, or null) or of a row (an address). */
function addressIn(pointer: unknown): bigint | undefined {
  if (typeof pointer === 'bigint') return pointer === 0n ? undefined : pointer
  return (pointer as { readonly $address: bigint } | null | undefined)?.$address
}

/** Members of many structs, as they are now. */
function rowsOf<Path extends string>(
  kernel: Kernel,
  struct: string,
  paths: readonly Path[],
  addresses: readonly bigint[],
): Row<Path>[] {
  const columns = new Columns(kernel.space, kernel.space.struct(struct).type, paths)
  return [...columns.decodeAll(columns.collect(kernel.uncached, addresses))]
}
