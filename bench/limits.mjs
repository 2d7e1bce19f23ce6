// @ts-check
// The kernel's limits on the number of threads: raised for a case, restored after it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Makes room for so many threads. Limits that may not be changed stay as they are: the program
 * that then cannot start its threads says so.
 * @param {number} threads
 * @returns {() => void} restores the limits
 */
export function allowThreads(threads) {
  const files = ['/proc/sys/kernel/threads-max', '/proc/sys/kernel/pid_max', ...pidsMaxFiles()]
  const undo = files.map((file) => raise(file, threads * 2))
  const restore = () => {
    for (const one of undo.splice(0)) one()
  }
  process.once('exit', restore)
  return restore
}

/** @param {string} file @param {number} wanted @returns {() => void} writes the old value back */
function raise(file, wanted) {
  const old = readFileSync(file, 'utf8').trim()
  if (old === 'max' || Number(old) >= wanted) return () => {}
  try {
    writeFileSync(file, String(wanted))
  } catch {
    return () => {}
  }
  return () => writeFileSync(file, old)
}

/** pids.max of this process's control group and of those above it, in cgroup v1 or v2. */
function pidsMaxFiles() {
  const files = []
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')) {
    const [, id, controllers, path] = /^(\d+):(.*?):(.*)$/.exec(line) ?? []
    if (id !== '0' && controllers !== 'pids') continue
    const mount = id === '0' ? '/sys/fs/cgroup' : '/sys/fs/cgroup/pids'
    for (
      let group = join(mount, path ?? '');
      group.length >= mount.length;
      group = dirname(group)
    ) {
      files.push(join(group, 'pids.max'))
    }
  }
  return files.filter((file) => existsSync(file))
}
