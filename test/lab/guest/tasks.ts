// Prints all threads as ksight and as ps show them, at a moment when no thread came or went.
import { spawnSync } from 'node:child_process'
import { openKernel } from '../../../src/index.js'

type Task = [tgid: number, pid: number, comm: string]

using kernel = openKernel()

const walk = (how: 'iterator' | 'list'): Task[] =>
  [...kernel.forEachProcessThread(how)].map(({ tgid, pid, comm }) => [tgid, pid, comm])

for (;;) {
  const byIterator = walk('iterator')
  const ps = spawnSync('ps', ['-eL', '-o', 'tgid=,pid=,lwp=,comm='], { encoding: 'utf8' })
  const byList = walk('list')
  if (JSON.stringify(byIterator) !== JSON.stringify(byList)) continue
  console.log(JSON.stringify({ byIterator, byList, ps: ps.stdout, pidOfPs: ps.pid }))
  break
}
