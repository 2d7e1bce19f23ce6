import type { WalkOptions } from '../options.js'
import { type Counts, countTasks } from '../task_counts.js'
import { openTaskLists } from '../task_lists.js'
import { presentWatched, type WatchOptions } from '../watch.js'

/** How many tasks there are; the idle ones do not count. */
export async function count(options: WatchOptions & WalkOptions): Promise<void> {
  using tasks = openTaskLists(options)
  await presentWatched(() => {
    const counts = countTasks(tasks.list('threads'))
    return { json: () => counts, text: () => asText(counts) }
  }, options)
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
