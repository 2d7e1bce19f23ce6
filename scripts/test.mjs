// @ts-check
// What `npm test` does: install what is needed, run every check and every test, and end with one
// line of counts. Arguments go to vitest, and then only the tests they select run.
import '../bin/check_node.js'
import { spawnSync } from 'node:child_process'
import { CHECKS, runCheck } from './checks.mjs'
import { countsAsText, sum } from './counts.mjs'
import { ensureInstalled } from './install.mjs'
import { runVitest } from './run_vitest.mjs'

const selection = process.argv.slice(2)
/** @type {import('./counts.mjs').Counts[]} */
const results = []

try {
  ensureInstalled()
  spawnSync('sh', ['scripts/install_test_tools'], { stdio: ['ignore', 'inherit', 'inherit'] })
  if (selection.length === 0) {
    for (const [name, ...command] of CHECKS) results.push(runCheck(name, command))
  }
  results.push(await runVitest(selection))
} catch (error) {
  console.log('FAILED ', error)
  results.push({ passed: 0, failed: 1, skipped: 0 })
}

if (process.env.CI === 'true' && sum(results).skipped > 0) {
  console.log('FAILED  in CI nothing may be skipped')
  results.push({ passed: 0, failed: 1, skipped: 0 })
}
const total = sum(results)
console.log(countsAsText(total))
process.exitCode = total.failed > 0 ? 1 : 0
