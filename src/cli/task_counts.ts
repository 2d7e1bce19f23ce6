import type { TaskSummary } from '../kernel/task_summary.js'

export interface Counts {
  readonly processes: number
  readonly threads: number
  readonly kernelThreads: number
  readonly userThreads: number
}

/** How many of all threads are what. */
export function countTasks(threads: readonly TaskSummary[]): Counts {
  const kernelThreads = threads.filter(({ kernelThread }) => kernelThread).length
  return {
    processes: threads.filter(({ tgid, pid }) => tgid === pid).length,
    threads: threads.length,
    kernelThreads,
    userThreads: threads.length - kernelThreads,
  }
}
