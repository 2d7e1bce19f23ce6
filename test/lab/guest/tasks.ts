// Prints all threads as ksight and as ps show them, at a moment when no thread came, went or
// changed its name (as the workers of workqueues do).
import { spawnSync } from 'node:child_process'
import { openKernel, procTaskNames } from '../../../src/index.js'

const TRIES = 100

using kernel = openKernel()

/** A line for each thread. */
function walk(how: 'iterator' | 'list'): string[] {
  const threads = [...kernel.forEachProcessThread(how)]
  const names = procTaskNames(kernel, threads)
  return threads.map(({ tgid, pid }, i) => `${tgid} ${pid} ${names[i]}`)
}

for (let i = 0; i < TRIES; i++) {
  const byIterator = walk('iterator')
  const ps = spawnSync('ps', ['-eL', '-o', 'tgid=,lwp=,comm='], { encoding: 'utf8' })
  const byList = walk('list')
  if (byIterator.join() !== byList.join()) continue
  console.log(JSON.stringify({ byIterator, byList, ps: ps.stdout, pidOfPs: ps.pid }))
  break
}
