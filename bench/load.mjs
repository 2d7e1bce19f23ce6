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

/**
 * Keeps a process with so many mappings alive and asleep.
 * @param {number} anonymous
 * @param {number} pages of the file
 * @param {string} file of as many pages
 * @returns {Promise<{ pid: number, end: () => Promise<void> }>}
 */
export async function startMappings(anonymous, pages, file) {
  const args = [String(anonymous), String(pages), file]
  const child = spawn(compile('mappings'), args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  const { pid, exitCode } = child
  if (pid === undefined || exitCode !== null) {
    throw new Error(`this machine does not let a process have ${anonymous + pages} mappings`)
  }
  return {
    pid,
    end: async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/**
 * Starts a process that maps the same pages of 4 KiB so many times.
 * @param {number} count
 * @param {number} times
 * @returns {Promise<{ pid: number, end: () => Promise<void> }>}
 */
export async function startPages(count, times) {
  const args = [String(count), String(times)]
  const child = spawn(compile('pages'), args, { stdio: ['pipe', 'pipe', 'inherit'] })
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  if (child.exitCode !== null || child.pid === undefined) {
    throw new Error(`this machine does not let a process map ${count} pages ${times} times`)
  }
  const end = async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return { pid: child.pid, end }
}
