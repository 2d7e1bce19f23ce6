import { NotFoundError } from '../../errors.js'
import type { TaskSummary } from '../../kernel/task_summary.js'
import type { WalkOptions } from '../options.js'
import { showPointers } from '../pointers.js'
import type { Result } from '../present.js'
import { rows } from '../render/json.js'
import type { ShowPointer } from '../render/pointers.js'
import { type Column, table } from '../render/table.js'
import { shownAddress, shownName } from '../shown_task.js'
import { openTaskLists, type TaskLists } from '../task_lists.js'
import { presentWatched, type WatchOptions } from '../watch.js'

/** Every thread, or those of the process that the thread `pid` belongs to. */
export async function threads(
  pid: number | undefined,
  options: WatchOptions & WalkOptions,
): Promise<void> {
  using tasks = openTaskLists(options)
  const show = showPointers(options)
  await presentWatched(() => asResult(select(tasks, pid), show), options)
}

function select(tasks: TaskLists, pid: number | undefined): TaskSummary[] {
  const listed = tasks.list('threads')
  const all = [...tasks.idle(), ...listed]
  if (pid === undefined) return all
  const tgid = all.find((task) => task.pid === pid)?.tgid
  if (tgid === undefined) throw new NotFoundError(`no thread ${pid}`, [], 'no task has this PID')
  return all.filter((task) => task.tgid === tgid)
}

function asResult(list: readonly TaskSummary[], show: ShowPointer): Result {
  return {
    json: () => rows(list, (task) => asJson(task, show)),
    text: ({ width, style }) => {
      return table(list, columns(show), { width, style, dim: (task) => task.kernelThread })
    },
  }
}

function columns(show: ShowPointer): Column<TaskSummary>[] {
  const address = (value: bigint | undefined) => shownAddress(value, show) ?? '-'
  return [
    { title: 'TGID', align: 'right', cell: ({ tgid }) => tgid },
    { title: 'PID', align: 'right', cell: ({ pid }) => pid },
    { title: 'TASK_STRUCT', cut: 'end', cell: ({ task }) => address(task) },
    { title: 'STACK', cut: 'end', cell: ({ stack }) => address(stack) },
    { title: 'CPU', align: 'right', cell: ({ cpu }) => cpu },
    { title: 'S', cell: ({ state }) => state },
    { title: 'THREADS', align: 'right', cell: threadsOfMain },
    { title: 'NAME', cell: shownName },
  ]
}

/** How many threads there are, for the main one of several. */
function threadsOfMain({ tgid, pid, threads }: TaskSummary): number | string {
  return tgid === pid && threads > 1 ? threads : ''
}

function asJson(task: TaskSummary, show: ShowPointer) {
  const { tgid, pid, comm, kernelThread, idle, cpu, state, threads } = task
  const address = shownAddress(task.task, show)
  const stack = shownAddress(task.stack, show)
  return { tgid, pid, comm, kernelThread, idle, task: address, stack, cpu, state, threads }
}
