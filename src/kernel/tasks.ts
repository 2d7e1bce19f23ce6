import { FaultError, InconsistentError } from '../errors.js'
import { containerOf } from '../object/container_of.js'
import { deref } from '../object/deref.js'
import type { Struct } from '../object/kernel_types.js'
import { Columns, type Row } from './columns.js'
import type { Kernel } from './kernel.js'
import { startTimesOfLinked } from './linked_tasks.js'
import { listForEachEntry, listNodes } from './list.js'
import { fail, type OnMissing, stillTasks } from './still_tasks.js'
import type { TaskScope } from './task_source.js'

/**
 * How the tasks are found: by the source's own way (a BPF iterator on the running kernel) where it
 * has one, or by walking the circular list that starts at `init_task`.
 */
export type Walk = 'iterator' | 'list'

/** So many tasks are copied with one gather. */
const BATCH = 64

/** `for_each_process(p)`: every thread group leader; init_task itself is not among them. */
export function* forEachProcess(kernel: Kernel, walk?: Walk): Generator<Struct<'task_struct'>> {
  yield* taskViews(kernel, 'processes', walk)
}

/** `for_each_process_thread(p, t)` (`do_each_thread`, until Linux 6.6): every thread. */
export function* forEachProcessThread(
  kernel: Kernel,
  walk?: Walk,
): Generator<Struct<'task_struct'>> {
  yield* taskViews(kernel, 'threads', walk)
}

/**
 * `for_each_thread(p, t)`: the threads of a process, by `signal->thread_head` (Linux 3.14, commit
 * 0c740d0afc3b), as they are now (the page cache is dropped).
 */
export function* forEachThread(
  kernel: Kernel,
  process: Struct<'task_struct'>,
): Generator<Struct<'task_struct'>> {
  kernel.drop()
  const head = deref(process, 'signal').$addressOf('thread_head')
  yield* listForEachEntry(kernel.space, head, 'task_struct', 'thread_node')
}

function* taskViews(
  kernel: Kernel,
  scope: TaskScope,
  walk?: Walk,
): Generator<Struct<'task_struct'>> {
  const columns = taskColumns(kernel, [])
  const addresses = [...taskRows(kernel, columns, scope, walk)].map((row) => row.$address)
  for (let first = 0; first < addresses.length; first += BATCH) {
    const batch = addresses.slice(first, first + BATCH)
    const tasks = kernel.space.manyAt('task_struct', batch)
    if (kernel.image !== undefined) {
      yield* tasks
      continue
    }
    const starts = startTimesOfLinked(kernel, batch)
    yield* tasks.filter((task, i) => starts[i] !== undefined && starts[i] === task.start_boottime)
  }
}

/** The columns of a task_struct with these member paths. */
export function taskColumns<Path extends string>(
  kernel: Kernel,
  paths: readonly Path[],
): Columns<Path> {
  return new Columns(kernel.space, kernel.space.struct('task_struct').type, paths)
}

/** Some members of all tasks as they are now: the page cache is dropped. */
export function* taskRows<Path extends string>(
  kernel: Kernel,
  columns: Columns<Path>,
  scope: TaskScope,
  walk?: Walk,
): Generator<Row<Path>> {
  for (const records of taskRecords(kernel, columns, scope, walk)) yield* columns.decodeAll(records)
}

/**
 * The same as packed records; much quicker than a view of each where there are very many. `onMissing`
 * is told of what is damaged in an image; unless it throws, the rest is given.
 */
export function taskRecords(
  kernel: Kernel,
  columns: Columns,
  scope: TaskScope,
  walk: Walk = kernel.taskSource === undefined ? 'list' : 'iterator',
  onMissing: OnMissing = fail,
): Uint8Array[] {
  const { taskSource } = kernel
  kernel.drop()
  if (kernel.image !== undefined) {
    return [columns.collect(kernel.uncached, stillTasks(kernel, scope, onMissing))]
  }
  if (walk === 'list' || taskSource === undefined) {
    return [listedRecords(kernel, columns, listedTasks(kernel, scope))]
  }
  const records = taskSource.records(columns, scope)
  return [missedByIterator(kernel, columns, scope, records), records]
}

/**
 * The records of the first process on the list and its threads, should the iterator have passed
 * over them: that of some kernels (6.18 as built for a virtual machine) does not show pid 1.
 */
function missedByIterator(
  kernel: Kernel,
  columns: Columns,
  scope: TaskScope,
  records: Uint8Array,
): Uint8Array {
  const { space, initTask } = kernel
  const first = containerOf(space, deref(initTask.tasks, 'next'), 'task_struct', 'tasks').$address
  if (columns.includes(records, first)) return new Uint8Array(0)
  const missed = scope === 'processes' ? [first] : threadAddresses(kernel, first)
  return columns.collect(kernel.uncached, missed)
}

/** The records of tasks that were found on the lists, and are still there once they are read. */
function listedRecords(kernel: Kernel, columns: Columns, addresses: readonly bigint[]): Uint8Array {
  const start = taskColumns(kernel, ['start_boottime'])
  const before = [...start.decodeAll(start.collect(kernel.uncached, addresses))]
  const records = columns.collect(kernel.uncached, addresses)
  const after = startTimesOfLinked(kernel, addresses)
  const { stride } = columns
  let kept = 0
  addresses.forEach((_, i) => {
    if (after[i] === undefined || after[i] !== before[i]!.start_boottime) return
    records.copyWithin(kept, i * stride, (i + 1) * stride)
    kept += stride
  })
  return records.subarray(0, kept)
}

/** The addresses of all tasks by their lists. Throws InconsistentError if a list stays torn. */
function listedTasks(kernel: Kernel, scope: TaskScope): bigint[] {
  const { space, initTask } = kernel
  const offset = BigInt(initTask.$offsetOf('tasks'))
  // A process may end while its threads are listed, and its memory become another's task.
  const tasks = new Set<bigint>()
  for (const node of listNodes(space, initTask.$address + offset)) {
    const leader = node - offset
    if (scope === 'processes') tasks.add(leader)
    else for (const thread of listedThreads(kernel, leader, node)) tasks.add(thread)
  }
  return [...tasks]
}

/** The threads of a process on the list of processes; none, if it is on the list no more. */
function listedThreads(kernel: Kernel, leader: bigint, node: bigint): bigint[] {
  try {
    return threadAddresses(kernel, leader)
  } catch (error) {
    const torn = error instanceof InconsistentError || error instanceof FaultError
    if (!torn || isListed(kernel, node)) throw error
    return []
  }
}

function isListed(kernel: Kernel, node: bigint): boolean {
  kernel.drop()
  try {
    return kernel.at('list_head', node).next?.prev?.$address === node
  } catch (error) {
    if (error instanceof FaultError) return false
    throw error
  }
}

/** The addresses of the threads of the process that a task is of. */
export function threadAddresses(kernel: Kernel, member: bigint): bigint[] {
  const task = kernel.at('task_struct', member)
  const offset = BigInt(task.$offsetOf('thread_node'))
  // It exited meanwhile.
  if (task.signal === null) return []
  const head = task.signal.$addressOf('thread_head')
  return [...listNodes(kernel.space, head)].map((node) => node - offset)
}
