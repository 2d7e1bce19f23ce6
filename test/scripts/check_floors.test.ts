import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { floorOf, PURE_FLOORS } from '../../scripts/floors.mjs'
import pureConfig from '../../tsconfig.pure.json' with { type: 'json' }
import { temporaryTree } from './temporary_tree.js'

function checkFloors(files: Record<string, string>): { status: number | null; lines: string[] } {
  const root = temporaryTree(files)
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['scripts/check_floors.mjs', root],
    { encoding: 'utf8' },
  )
  expect(stderr).toBe('')
  const lines = stdout.split('\n').filter((line) => line !== '')
  return { status, lines: lines.map((line) => line.replace(`${root}/src/`, '')) }
}

test('imports that point down are fine', () => {
  const { status, lines } = checkFloors({
    'src/errors.ts': 'export class E extends Error {}',
    'src/bytes/a.ts': "import './b.js'\nexport * from '../errors.js'",
    'src/bytes/b.ts': 'export const s = "import(\'node:fs\')" // import "node:fs"',
    'src/live/c.ts': "import { readFileSync } from 'node:fs'\nimport '../bytes/a.js'",
    'src/cli/main.ts': "const { x } = await import('../live/c.js')\nawait import('commander')",
    'src/index.ts': "export * from './live/c.js'",
  })
  expect(lines).toEqual([])
  expect(status).toBe(0)
})

test.each([
  ['a value', "import { k } from '../kernel/k.js'"],
  ['a type', "import type { K } from '../kernel/k.js'"],
  ['a re-export', "export { k } from '../kernel/k.js'"],
  ['a re-export of all', "export * from '../kernel/k.js'"],
  ['a dynamic import', "export const k = () => import('../kernel/k.js')"],
  ['a type in place', "export type K = import('../kernel/k.js').K"],
  ['a require', "import k = require('../kernel/k.js')"],
])('%s from a floor above is an offence', (_, source) => {
  const { status, lines } = checkFloors({
    'src/btf/offender.ts': `// a first line\n${source}\n`,
    'src/kernel/k.ts': 'export const k = 1\nexport type K = 1',
  })
  expect(lines).toEqual([
    'btf/offender.ts:2: btf may not import kernel/k.js: imports only point down',
  ])
  expect(status).toBe(1)
})

test.each([
  ["import { readFileSync } from 'node:fs'", 'node:fs'],
  ["import type { Stats } from 'fs'", 'fs'],
  ["export type S = import('node:fs').Stats", 'node:fs'],
  ["import koffi from 'koffi'", 'koffi'],
  ['/// <reference types="node" />', 'node'],
])('a pure floor may not have %s', (source, from) => {
  for (const floor of ['dump', 'btf']) {
    const { status, lines } = checkFloors({ [`src/${floor}/offender.ts`]: source })
    expect(lines).toEqual([
      `${floor}/offender.ts:1: ${floor} is a pure floor and may not import ${from}`,
    ])
    expect(status).toBe(1)
  }
})

test.each([
  ['btf/offender.ts', "import '../../package.json'", 'import of ../../package.json leaves src/'],
  ['btf/offender.ts', "import '../util/x.js'", 'import of ../util/x.js: util is not a floor'],
  [
    'live/offender.ts',
    'export const f = (name: string) => import(name)',
    'import of a computed name cannot be checked',
  ],
])('%s: %s is an offence', (path, source, offence) => {
  const { status, lines } = checkFloors({ [`src/${path}`]: source })
  expect(lines).toEqual([`${path}:1: ${offence}`])
  expect(status).toBe(1)
})

test('a file outside the floors is an offence, and so is an empty tree', () => {
  expect(checkFloors({ 'src/util/x.ts': '' }).lines).toEqual(['util/x.ts: util is not a floor'])
  expect(checkFloors({ 'src/README.md': '' }).status).toBe(1)
})

test('the pure floors are those that are compiled without Node', () => {
  const compiled = pureConfig.include.map((path) => floorOf(path.replace('src/', '')))
  expect(compiled).toEqual(PURE_FLOORS)
})
