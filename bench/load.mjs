// @ts-check
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { compile } from './compile.mjs'
import { allowThreads } from './limits.mjs'

/**
 * Keeps so many threads alive and asleep.
 * @param {number} count
 * @returns {Promise<() => Promise<void>>} ends them
 */
export async function startThreads(count) {
  const restoreLimits = allowThreads(count)
  const child = spawn(compile('threads'), [String(count)], { stdio: ['pipe', 'pipe', 'inherit'] })
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  if (child.exitCode !== null) {
    restoreLimits()
    throw new Error(`this machine does not let ${count} threads live`)
  }
  return async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
    restoreLimits()
  }
}
