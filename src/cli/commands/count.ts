import type { TaskSummary } from '../../kernel/task_summary.js'
import type { WalkOptions } from '../options.js'
import { openTaskLists } from '../task_lists.js'
import { presentWatched, type WatchOptions } from '../watch.js'

export interface Counts {
  readonly processes: number
  readonly threads: number
  readonly kernelThreads: number
  readonly userThreads: number
}

/** How many tasks there are; the idle ones do not count. */
export async function count(options: WatchOptions & WalkOptions): Promise<void> {
  using tasks = openTaskLists(options)
  await presentWatched(() => {
    const counts = countTasks(tasks.list('threads'))
    return { json: () => counts, text: () => asText(counts) }
  }, options)
}

export function countTasks(threads: readonly TaskSummary[]): Counts {
  const kernelThreads = threads.filter(({ kernelThread }) => kernelThread).length
  return {
    processes: threads.filter(({ tgid, pid }) => tgid === pid).length,
    threads: threads.length,
    kernelThreads,
    userThreads: threads.length - kernelThreads,
  }
}

function asText({ processes, threads, kernelThreads, userThreads }: Counts): string {
  const lines = [
    ['processes', processes],
    ['threads', threads],
    ['  kernel threads', kernelThreads],
    ['  user threads', userThreads],
  ] as const
  const digits = String(threads).length
  return lines.map(([what, n]) => `${what.padEnd(16)} ${String(n).padStart(digits)}\n`).join('')
}
