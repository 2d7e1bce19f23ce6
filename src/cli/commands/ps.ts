import type { TaskSummary } from '../../kernel/task_summary.js'
import type { WalkOptions } from '../options.js'
import { showPointers } from '../pointers.js'
import type { Result } from '../present.js'
import { rows } from '../render/json.js'
import type { ShowPointer } from '../render/pointers.js'
import { type Column, table } from '../render/table.js'
import { type Branch, tree } from '../render/tree.js'
import { shownAddress, shownName } from '../shown_task.js'
import { openTaskLists } from '../task_lists.js'
import { presentWatched, type WatchOptions } from '../watch.js'

export interface PsOptions extends WatchOptions, WalkOptions {
  readonly tree?: true
}

/** Every process. */
export async function ps(options: PsOptions): Promise<void> {
  using tasks = openTaskLists(options)
  const show = showPointers(options)
  await presentWatched(() => processes(tasks.list('processes'), options, show), options)
}

function processes(list: readonly TaskSummary[], options: PsOptions, show: ShowPointer): Result {
  return {
    json: () => rows(list, (task) => asJson(task, show)),
    text: ({ width, style }) => {
      const rows = options.tree
        ? tree(
            list,
            ({ pid }) => pid,
            ({ ppid }) => ppid,
          )
        : list.map(flat)
      return table(rows, COLUMNS, { width, style, dim: ({ item }) => item.kernelThread })
    },
  }
}

const flat = (item: TaskSummary): Branch<TaskSummary> => ({ item, lines: '' })

const COLUMNS: readonly Column<Branch<TaskSummary>>[] = [
  { title: 'TGID', align: 'right', cell: ({ item }) => item.tgid },
  { title: 'PID', align: 'right', cell: ({ item }) => item.pid },
  { title: 'PPID', align: 'right', cell: ({ item }) => item.ppid },
  { title: 'RUID', align: 'right', cell: ({ item }) => item.ruid },
  { title: 'EUID', align: 'right', cell: ({ item }) => item.euid },
  { title: 'S', cell: ({ item }) => item.state },
  { title: 'THREADS', align: 'right', cell: ({ item }) => item.threads },
  { title: 'NAME', cell: ({ item, lines }) => lines + shownName(item) },
]

function asJson(task: TaskSummary, show: ShowPointer) {
  const { tgid, pid, ppid, ruid, euid, state, threads, comm, kernelThread } = task
  const address = shownAddress(task.task, show)
  return { tgid, pid, ppid, ruid, euid, state, threads, comm, kernelThread, task: address }
}
