import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryTree } from '../scripts/temporary_tree.js'

/** A copy of bin/ beside a dist/ of our own. */
function copyOfBin(files: Record<string, string>): string {
  const root = temporaryTree({ 'package.json': '{ "type": "module" }', ...files })
  cpSync('bin', join(root, 'bin'), { recursive: true })
  return root
}

function run(command: string, args: string[] = [], cwd = '/') {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', cwd })
  return { status, stdout, stderr }
}

test('runs through a symbolic link and from any directory', () => {
  const root = copyOfBin({
    'dist/cli/main.js': 'console.log(process.argv.slice(2).join()); process.exitCode = 3',
  })
  const link = join(root, 'link')
  symlinkSync('bin/ksight', link)
  for (const command of [link, join(root, 'bin/ksight')]) {
    expect(run(command, ['a', 'b'])).toEqual({ status: 3, stdout: 'a,b\n', stderr: '' })
  }
  expect(run('./link', ['c'], root)).toEqual({ status: 3, stdout: 'c\n', stderr: '' })
})

test('says in one line that it is not built', () => {
  expect(run(join(copyOfBin({}), 'bin/ksight'))).toEqual({
    status: 1,
    stdout: '',
    stderr: 'ksight: dist/ is missing: ksight is not built yet: run npm start\n',
  })
})

test('an error of the command itself is not taken for a missing build', () => {
  const root = copyOfBin({ 'dist/cli/main.js': "throw new Error('what went wrong')" })
  const { status, stderr } = run(join(root, 'bin/ksight'))
  expect(status).toBe(1)
  expect(stderr).toContain('what went wrong')
})

test('says in one line that Node.js is too old', () => {
  const { node: oldest } = JSON.parse(readFileSync('package.json', 'utf8')).engines
  expect(oldest).toBe('>=20.19')
  for (const version of ['18.19.0', '20.18.3', '8.0.0']) {
    const script = `
      Object.defineProperty(process.versions, 'node', { value: '${version}' })
      require(${JSON.stringify(join(process.cwd(), 'bin/ksight'))})`
    expect(run(process.execPath, ['-e', script])).toEqual({
      status: 1,
      stdout: '',
      stderr: `ksight: Node.js ${version} is too old: 20.19 or later is needed: see https://nodejs.org/en/download\n`,
    })
  }
})
