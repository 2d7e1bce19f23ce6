// @ts-check
// Installs the dependencies of package-lock.json, but only where node_modules differs from it.
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readFileSync } from 'node:fs'

/**
 * @typedef {{ packages: Record<string, { version?: string, integrity?: string, optional?: boolean }> }} Lock
 */

export function ensureInstalled() {
  if (isInstalled() || isLink('node_modules')) return
  console.error('ksight: installing dependencies with npm ci')
  const [command, ...args] = npm()
  const result = spawnSync(
    command,
    [
      ...args,
      'ci',
      '--include=dev',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  if (result.status !== 0) throw new Error('npm ci failed')
}

/** Whether npm's own note of what it installed names every package of the lock file. */
function isInstalled() {
  if (!existsSync('node_modules/.package-lock.json')) return false
  const wanted = readLock('package-lock.json')
  const installed = readLock('node_modules/.package-lock.json')
  return Object.entries(wanted.packages).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true
    const found = installed.packages[path]
    // An optional package is for one platform; npm leaves out those of other platforms.
    if (found === undefined) return optional === true
    return found.version === version && found.integrity === integrity
  })
}

/**
 * @param {string} path
 * @returns {Lock}
 */
function readLock(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** A linked node_modules belongs to another checkout, and `npm ci` would empty it. @param {string} path */
function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

/**
 * The npm that started this script, or else the one on the PATH.
 * @returns {[string, ...string[]]}
 */
function npm() {
  const running = process.env.npm_execpath
  return running === undefined ? ['npm'] : [process.execPath, running]
}
