// @ts-check
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile, scratch } from './compile.mjs'

/**
 * What one run of a command cost.
 * @typedef {object} Cost
 * @property {number} wall milliseconds
 * @property {number} cpu milliseconds in user and kernel mode
 * @property {number} peak resident memory, in MB
 */

/**
 * Runs a command as a whole process. Throws if it fails.
 * @param {readonly string[]} command
 * @param {{ output?: string, env?: Record<string, string> }} [options]
 * @returns {Cost}
 */
export function measure(command, { output = '/dev/null', env = {} } = {}) {
  const { status, stdout, stderr } = spawnSync(compile('measure'), [output, ...command], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [wall = 0, user = 0, system = 0, peak = 0, exitCode = 1] = stdout.split(' ').map(Number)
  if (status !== 0 || exitCode !== 0) {
    throw new Error(`${command.join(' ')} failed with ${exitCode}: ${stderr.trim()}`)
  }
  return { wall: wall / 1000, cpu: (user + system) / 1000, peak: (peak * 1024) / 1e6 }
}

/**
 * What a command writes to its standard output.
 * @param {readonly string[]} command
 */
export function outputOf(command) {
  const output = join(scratch, 'output')
  measure(command, { output })
  return readFileSync(output, 'utf8')
}
