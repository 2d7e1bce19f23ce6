import { readdirSync, readFileSync } from 'node:fs'
import { isKthread } from '../kernel/kthread.js'
import type { TaskScope } from '../kernel/task_source.js'
import type { TaskSummary } from '../kernel/task_summary.js'

/**
 * Processes or threads as /proc shows them, for who may not read kernel memory: without the
 * addresses of task_structs and stacks, and without the idle threads.
 */
export function listTasksFromProc(scope: TaskScope): TaskSummary[] {
  return numbersIn('/proc').flatMap((tgid) => {
    if (scope === 'processes') return readTask(`/proc/${tgid}`, tgid)
    return numbersIn(`/proc/${tgid}/task`).flatMap((pid) => {
      return readTask(`/proc/${tgid}/task/${pid}`, tgid)
    })
  })
}

/** The entries of a folder that are pids; none if its process has exited. */
function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

/** One task, or none if it has exited meanwhile. */
function readTask(folder: string, tgid: number): TaskSummary[] {
  try {
    const stat = readFileSync(`${folder}/stat`, 'utf8')
    const status = readFileSync(`${folder}/status`, 'utf8')
    return [parseTask(stat, status, tgid)]
  } catch {
    return []
  }
}

/** proc_pid_stat(5): the name stands in parentheses and may hold anything, parentheses included. */
function parseTask(stat: string, status: string, tgid: number): TaskSummary {
  const open = stat.indexOf('(')
  const close = stat.lastIndexOf(')')
  // Numbered as in the manual page: fields[0] is field 3, the state.
  const fields = stat.slice(close + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3])
  const uids = /^Uid:\t(\d+)\t(\d+)/m.exec(status)
  return {
    tgid,
    pid: Number(stat.slice(0, open)),
    ppid: field(4),
    ruid: Number(uids?.[1]),
    euid: Number(uids?.[2]),
    state: fields[0] ?? '?',
    threads: field(20),
    comm: stat.slice(open + 1, close),
    kernelThread: isKthread({ flags: field(9) }),
    idle: false,
    cpu: field(39),
    task: undefined,
    stack: undefined,
  }
}
