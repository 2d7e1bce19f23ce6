// @ts-check
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Fills a folder, unless it is there already. Several processes may want it at once: the first one
 * fills it, the others wait; it appears when it is whole, or not at all.
 * @param {string} folder absolute
 * @param {(folder: string) => Promise<unknown>} fill gets an empty folder that takes its place
 * @param {string} [lock] the file to lock
 */
export async function fillOnce(folder, fill, lock = `${folder}.lock`) {
  if (existsSync(folder)) return
  await mkdir(dirname(folder), { recursive: true })
  await locked(lock, async () => {
    if (existsSync(folder)) return
    const temporary = await mkdtemp(`${folder}.`)
    try {
      await fill(temporary)
      await rename(temporary, folder)
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
  })
}

/**
 * Does some work while no other process that asks for the same lock does.
 * @template T
 * @param {string} path of the lock
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function locked(path, work) {
  // Its standard input ends with this process, however that ends, and the lock with it.
  const flock = spawn('flock', [path, 'sh', '-c', 'echo locked; read -r end'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(flock, 'exit')
  await Promise.race([once(flock.stdout, 'data'), ended])
  if (flock.exitCode !== null) throw new Error(`flock ${path} ended with ${flock.exitCode}`)
  try {
    return await work()
  } finally {
    flock.stdin.end()
    await ended
  }
}
