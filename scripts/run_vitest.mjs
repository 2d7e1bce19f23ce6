// @ts-check
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const VITEST = resolve('node_modules/vitest/vitest.mjs')
const REPORTER = resolve('scripts/counts_reporter.mjs')

/** Continuous integration ends after 90 minutes; the counts must be printed before that. */
const LIMIT_MS = 80 * 60_000

/**
 * Runs vitest in a process of its own, so that its crash is one failure and not the end.
 * @param {string[]} args
 * @returns {Promise<import('./counts.mjs').Counts>}
 */
export async function runVitest(args) {
  const directory = mkdtempSync(join(tmpdir(), 'ksight-test-'))
  try {
    const file = join(directory, 'counts.json')
    const end = await vitest(args, file)
    const counts = readCounts(file)
    if (end !== 0 && !(end === 1 && counts.failed > 0)) {
      return fail(counts, `vitest ended with ${end}`)
    }
    const { passed, failed, skipped } = counts
    return passed + failed + skipped === 0 ? fail(counts, 'there are no tests') : counts
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * @param {string[]} args
 * @param {string} countsFile
 * @returns {Promise<number | string | null>} the exit code, or what ended it
 */
function vitest(args, countsFile) {
  const child = spawn(
    process.execPath,
    [VITEST, 'run', '--reporter=default', `--reporter=${REPORTER}`, ...args],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        KSIGHT_TEST_COUNTS: countsFile,
        // bpftool and others are not on everybody's PATH.
        PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
      },
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    },
  )
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(signal ?? code))
  })
}

/** @param {string} file @returns {import('./counts.mjs').Counts} */
function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 0, skipped: 0 }
  }
}

/** @param {import('./counts.mjs').Counts} counts @param {string} problem */
function fail(counts, problem) {
  console.log(`FAILED  ${problem}`)
  return { ...counts, failed: counts.failed + 1 }
}
