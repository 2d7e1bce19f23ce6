// @ts-check
// What is checked besides the tests; each check is a command that fails with a non-zero exit code.
import { spawnSync } from 'node:child_process'
import { SKIPPED } from './exit_codes.mjs'

const TSC = 'node_modules/typescript/bin/tsc'

/** @type {readonly (readonly [name: string, ...command: string[]])[]} */
export const CHECKS = [
  ['build', 'scripts/build.mjs'],
  ['types', TSC, '-p', 'tsconfig.test.json'],
  ['types of the pure floors, without Node', TSC, '-p', 'tsconfig.pure.json'],
  ['format and lint', 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'],
  ['floors', 'scripts/check_floors.mjs'],
  ['dead code', 'node_modules/knip/bin/knip.js'],
  ['lock file', 'scripts/check_lock.mjs'],
  ['no paths of this machine', 'scripts/check_paths.mjs'],
]

/**
 * Runs one check, says how it went, and shows its output unless it passed.
 * @param {string} name
 * @param {string[]} command
 * @returns {import('./counts.mjs').Counts}
 */
export function runCheck(name, command) {
  const start = performance.now()
  const { status, stdout, stderr, error } = spawnSync(process.execPath, command, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 5 * 60_000,
  })
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const [word, counts] = outcome(status)
  console.log(`${word} ${name} (${seconds} s)`)
  if (status !== 0) process.stdout.write(`${stdout}${stderr}${error ? `${error.message}\n` : ''}`)
  return counts
}

/**
 * @param {number | null} status
 * @returns {[word: string, counts: import('./counts.mjs').Counts]}
 */
function outcome(status) {
  if (status === 0) return ['passed ', { passed: 1, failed: 0, skipped: 0 }]
  if (status === SKIPPED) return ['skipped', { passed: 0, failed: 0, skipped: 1 }]
  return ['FAILED ', { passed: 0, failed: 1, skipped: 0 }]
}
