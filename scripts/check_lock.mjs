// @ts-check
// Checks that package-lock.json fits every machine: it names no registry, and holds each
// package, also those for other platforms, with its hash. npm leaves out what a registry lacks,
// and then refuses the file.
import { readFileSync } from 'node:fs'

/**
 * @typedef {object} Package
 * @property {string} [resolved]
 * @property {string} [integrity]
 * @property {boolean} [inBundle]
 * @property {Record<string, string>} [optionalDependencies]
 */

const lock = JSON.parse(readFileSync(process.argv[2] ?? 'package-lock.json', 'utf8'))
/** @type {Record<string, Package>} */
const packages = lock.packages

let offences = 0
for (const [path, entry] of Object.entries(packages)) {
  if (entry.resolved !== undefined) report(path, `names where it came from: ${entry.resolved}`)
  if (path === '') continue
  if (entry.integrity === undefined && !entry.inBundle) report(path, 'has no integrity hash')
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    const found = packages[`${path}/node_modules/${name}`] ?? packages[`node_modules/${name}`]
    if (found === undefined) report(path, `may need ${name}, which the lock file lacks`)
  }
}
process.exitCode = offences > 0 ? 1 : 0

/** @param {string} path @param {string} offence */
function report(path, offence) {
  console.log(`package-lock.json: ${path || 'the project'} ${offence}`)
  offences++
}
