import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { KSIGHT } from './ksight.js'
import { startOddTasks } from './odd_tasks.js'
import { type PsTask, psListing } from './procps.js'

/** How often to wait for a moment in which nothing starts or ends. */
const ATTEMPTS = 100

/** The tasks that ps lists, itself not among them. */
function listed(): PsTask[] {
  const { ps, tasks } = psListing('threads')
  return [...tasks.values()].filter(({ tgid }) => tgid !== ps)
}

/** kthreadd, and its children, are all kernel threads; a kernel thread has no other parent. */
const isKernelThread = ({ tgid, ppid }: PsTask) => tgid === 2 || ppid === 2

test.each(['iterator', 'list'])(
  'count agrees with a count of what ps lists, by %s',
  async (walk) => {
    await startOddTasks()
    // It runs all the time, so that it is among the tasks that both count.
    const child = spawn(KSIGHT, ['count', '--json', '--watch', '0.2', '--walk', walk], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill())
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await lines.next()
      const before = listed()
      const { value: line } = await lines.next()
      const after = listed()
      const pids = (tasks: PsTask[]) => tasks.map(({ pid }) => pid).join()
      if (pids(before) !== pids(after)) continue
      const kernelThreads = before.filter(isKernelThread).length
      expect(JSON.parse(line)).toEqual({
        processes: before.filter(({ tgid, pid }) => tgid === pid).length,
        threads: before.length,
        kernelThreads,
        userThreads: before.length - kernelThreads,
      })
      return
    }
    throw new Error('tasks start and end all the time')
  },
)
