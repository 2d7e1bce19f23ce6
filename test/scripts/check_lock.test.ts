import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryTree } from './temporary_tree.js'

function checkLock(packages: Record<string, object>) {
  const root = temporaryTree({ 'lock.json': JSON.stringify({ packages: { '': {}, ...packages } }) })
  const args = ['scripts/check_lock.mjs', join(root, 'lock.json')]
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return { status, lines: stdout.split('\n').filter((line) => line !== '') }
}

test('a package without a registry, with a hash and with all its optional parts is fine', () => {
  const result = checkLock({
    'node_modules/a': { integrity: 'sha512-a', optionalDependencies: { b: '1.0.0' } },
    'node_modules/b': { integrity: 'sha512-b', optional: true },
  })
  expect(result).toEqual({ status: 0, lines: [] })
})

test.each([
  [
    { integrity: 'sha512-a', resolved: 'https://registry.example/a.tgz' },
    'names where it came from: https://registry.example/a.tgz',
  ],
  [{ version: '1.0.0' }, 'has no integrity hash'],
  [
    { integrity: 'sha512-a', optionalDependencies: { 'a-darwin-arm64': '1.0.0' } },
    'may need a-darwin-arm64, which the lock file lacks',
  ],
])('%o is an offence', (entry, offence) => {
  const result = checkLock({ 'node_modules/a': entry })
  expect(result).toEqual({
    status: 1,
    lines: [`package-lock.json: node_modules/a ${offence}`],
  })
})
