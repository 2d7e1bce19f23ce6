import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { isDeepStrictEqual } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { describeLive } from '../support/live.js'
import { KSIGHT } from './ksight.js'
import { startOddTasks } from './odd_tasks.js'

/** How long to wait for a moment in which nothing starts or ends. */
const PATIENCE_MS = 45_000

interface Listed {
  readonly tgid: number
  readonly pid: number
  readonly ppid: number
}

/** The threads that ps lists, its own not among them; quicker than to list all about them. */
function listed(): Listed[] {
  const { pid: ps, stdout } = spawnSync('ps', ['-eLo', 'pid=,lwp=,ppid='], { encoding: 'utf8' })
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/ +/).map(Number))
  return rows
    .map(([tgid, pid, ppid]) => ({ tgid: tgid!, pid: pid!, ppid: ppid! }))
    .filter(({ tgid }) => tgid !== ps)
}

/** kthreadd, and its children, are all kernel threads; a kernel thread has no other parent. */
const isKernelThread = ({ tgid, ppid }: Listed) => tgid === 2 || ppid === 2

function countOf(tasks: readonly Listed[]) {
  const kernelThreads = tasks.filter(isKernelThread).length
  return {
    processes: tasks.filter(({ tgid, pid }) => tgid === pid).length,
    threads: tasks.length,
    kernelThreads,
    userThreads: tasks.length - kernelThreads,
  }
}

/** Reads lines until one had to be waited for, and so was printed after what went before. */
async function freshLine(lines: AsyncIterator<string>): Promise<string> {
  for (;;) {
    const start = performance.now()
    const { value } = await lines.next()
    if (performance.now() - start > 30) return value
  }
}

describeLive('ksight count', () => {
  test.each(['iterator', 'list'])(
    'count agrees with a count of what ps lists, by %s',
    async (walk) => {
      await startOddTasks()
      // It runs all the time, so that it is among the tasks that both count.
      const args = ['count', '--json', '--watch', '0.1', '--walk', walk]
      const child = spawn(KSIGHT, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      onTestFinished(() => void child.kill())
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
      const end = performance.now() + PATIENCE_MS
      for (;;) {
        const before = listed()
        const counted = JSON.parse(await freshLine(lines))
        const after = listed()
        // Something may start and end between the two, so they may differ even if these are equal.
        const wanted = countOf(before)
        if (performance.now() > end) expect(counted).toEqual(wanted)
        if (isDeepStrictEqual([counted, after], [wanted, before])) return
      }
    },
  )
})
