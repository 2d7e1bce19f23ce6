import { type KsightError, PermissionError, UnsupportedError } from '../errors.js'
import type { TaskScope } from '../kernel/task_source.js'
import { listIdleTasks, listTasks, type TaskSummary } from '../kernel/task_summary.js'
import { live } from '../open_kernel.js'
import { openKernel } from './open.js'
import type { GlobalOptions, WalkOptions } from './options.js'
import { showMessage } from './pointers.js'
import { writeErr } from './stdio.js'
import { warnOfMissing } from './warn.js'

/** Where lists of tasks come from. */
export interface TaskLists extends Disposable {
  /** Sorted by process, then by thread. */
  list(scope: TaskScope): TaskSummary[]
  /** The idle task of each CPU; none where it comes from /proc. */
  idle(): TaskSummary[]
}

/**
 * Lists of tasks from the kernel's memory; on the running kernel from /proc, and standard error says
 * so, where that may not be read and nobody asked for one way to read it.
 */
export function openTaskLists(options: GlobalOptions & WalkOptions): TaskLists {
  const { c: image, via, walk } = options
  try {
    const kernel = openKernel(options)
    return {
      list: (scope) => sorted(listTasks(kernel, scope, walk, warnOfMissing(options))),
      idle: () => listIdleTasks(kernel, warnOfMissing(options)),
      [Symbol.dispose]: () => kernel[Symbol.dispose](),
    }
  } catch (error) {
    const asked = image ?? via ?? walk
    if (asked !== undefined || !isRefusal(error) || process.platform !== 'linux') throw error
    writeErr(`ksight: ${showMessage(error.message, options)}: showing what /proc tells\n`)
    return {
      list: (scope) => live().listTasksFromProc(scope),
      idle: () => [],
      [Symbol.dispose]() {},
    }
  }
}

function isRefusal(error: unknown): error is KsightError {
  return error instanceof PermissionError || error instanceof UnsupportedError
}

function sorted(tasks: TaskSummary[]): TaskSummary[] {
  return tasks.sort((a, b) => a.tgid - b.tgid || a.pid - b.pid)
}
