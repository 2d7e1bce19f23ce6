import { spawnSync } from 'node:child_process'
import type { Kernel } from '../../../src/kernel/kernel.js'
import { procTaskNames } from '../../../src/kernel/proc_task_name.js'

/** Threads come and go, and workers are named by what they do: a few tries find a quiet moment. */
const TRIES = 20

/** All threads, `TGID PID NAME` each, as ksight and as ps show them. */
export function listTasks(kernel: Kernel) {
  for (let i = 1; ; i++) {
    const seen = { iterator: walk(kernel, 'iterator'), ps: ps(), list: walk(kernel, 'list') }
    const texts = new Set(Object.values(seen).map((lines) => lines.join('\n')))
    if (texts.size === 1 || i === TRIES) return seen
  }
}

function walk(kernel: Kernel, how: 'iterator' | 'list'): string[] {
  const threads = [...kernel.forEachProcessThread(how)]
  const names = procTaskNames(kernel, threads)
  // The iterator goes by pid, ps and the list by process.
  return threads.map(({ tgid, pid }, i) => `${tgid} ${pid} ${names[i]}`).sort()
}

/** All threads but that of ps itself. */
function ps(): string[] {
  const { stdout, pid } = spawnSync('ps', ['-eL', '-o', 'tgid=,lwp=,comm='], { encoding: 'utf8' })
  const lines = stdout.trimEnd().split('\n')
  return lines
    .map((line) => line.trimStart().replace(/ +(\d+)/, ' $1'))
    .filter((line) => !line.startsWith(`${pid} `))
    .sort()
}
