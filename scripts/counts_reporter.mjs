// @ts-check
// A vitest reporter that writes how many tests passed, failed and were skipped to the file named
// by KSIGHT_TEST_COUNTS. Whatever went wrong outside a test counts as failed.
import { writeFileSync } from 'node:fs'

/**
 * @typedef {import('vitest/reporters').Reporter} Reporter
 * @typedef {import('vitest/node').TestModule} TestModule
 * @typedef {import('./counts.mjs').Counts} Counts
 */

/** @implements {Reporter} */
export default class CountsReporter {
  /** @type {TestModule[]} */
  #ended = []

  /** So that there are counts even if the run is cut short. @param {TestModule} module */
  onTestModuleEnd(module) {
    this.#ended.push(module)
    write(count(this.#ended))
  }

  /**
   * @param {readonly TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   * @param {string} reason
   */
  onTestRunEnd(modules, unhandledErrors, reason) {
    const counts = count(modules)
    counts.failed += unhandledErrors.length + (reason === 'interrupted' ? 1 : 0)
    write(counts)
  }
}

/** @param {Counts} counts */
function write(counts) {
  const file = process.env.KSIGHT_TEST_COUNTS
  if (file !== undefined) writeFileSync(file, JSON.stringify(counts))
}

/** @param {readonly TestModule[]} modules */
function count(modules) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const module of modules) countModule(module, counts)
  return counts
}

/** @param {TestModule} module @param {Counts} counts */
function countModule(module, counts) {
  counts.failed += module.errors().length
  for (const suite of module.children.allSuites()) counts.failed += suite.errors().length
  for (const test of module.children.allTests()) {
    const { state } = test.result()
    // A test that is still pending lost its process.
    counts[state === 'pending' ? 'failed' : state]++
  }
}
