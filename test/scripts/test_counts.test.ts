import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { temporaryTree } from './temporary_tree.js'

/** The last line and the exit code of `npm test` where these are all the tests. */
function runTests(files: Record<string, string>, env: Record<string, string> = { CI: '' }) {
  const root = temporaryTree(files)
  const { status, stdout } = spawnSync(
    process.execPath,
    ['scripts/test.mjs', '--root', root, '--globals', '--silent', '--pool=forks'],
    { encoding: 'utf8', env: { ...process.env, ...env } },
  )
  return { status, line: stdout.trimEnd().split('\n').at(-1) }
}

test('passed and failed tests are counted', () => {
  const passing = { 'a.test.js': "test('a', () => {}); test('b', () => {})" }
  expect(runTests(passing)).toEqual({ status: 0, line: '2 passed, 0 failed' })
  const failing = { ...passing, 'b.test.js': "test('c', () => { throw new Error('c') })" }
  expect(runTests(failing)).toEqual({ status: 1, line: '2 passed, 1 failed' })
})

test('a skipped test is no failure, except in CI', () => {
  const files = { 'a.test.js': "test('a', () => {}); test.skip('b', () => {})" }
  expect(runTests(files)).toEqual({ status: 0, line: '1 passed, 0 failed, 1 skipped' })
  expect(runTests(files, { CI: 'true' })).toEqual({
    status: 1,
    line: '1 passed, 1 failed, 1 skipped',
  })
})

test.each([
  ['a file that does not load', "import './missing.js'"],
  ['a file without tests', 'export {}'],
  ['a rejection that nobody handles', "test('b', () => {}); Promise.reject(new Error('b'))"],
  ['a hook that fails', "afterAll(() => { throw new Error('b') }); test('b', () => {})"],
  [
    'a crash',
    "test('b', async () => { process.kill(process.pid, 'SIGKILL'); await new Promise(() => {}) })",
  ],
  [
    'a crash of vitest itself',
    "test('b', async () => { process.kill(process.ppid, 'SIGKILL'); await new Promise(() => {}) })",
  ],
])('%s counts as failed', (_, source) => {
  const { status, line } = runTests({ 'a.test.js': "test('a', () => {})", 'b.test.js': source })
  expect(line).toMatch(/^[012] passed, [1-9]\d* failed$/)
  expect(status).toBe(1)
})

test('no tests at all are a failure', () => {
  expect(runTests({ 'a.js': '' })).toEqual({ status: 1, line: '0 passed, 1 failed' })
})
