// @ts-check
// Checks that imports in src/ only point down, and that pure floors import nothing of Node.
//
// Usage: node scripts/check_floors.mjs [DIRECTORY that holds src/]
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { filesBelow } from './files.mjs'
import { floorOf, height, PURE_FLOORS, PURE_PACKAGES } from './floors.mjs'
import { importsOf } from './imports.mjs'

const root = process.argv[2] ?? '.'
const src = posix.join(root, 'src')
const files = filesBelow(src).filter((file) => file.endsWith('.ts'))
if (files.length === 0) console.log(`${src}: no TypeScript files`)
const offences = files.flatMap(offencesOf)
for (const offence of offences) console.log(offence)
process.exitCode = offences.length > 0 || files.length === 0 ? 1 : 0

/** @param {string} file */
function offencesOf(file) {
  const path = posix.relative(src, file)
  if (height(floorOf(path)) < 0) return [`${file}: ${floorOf(path)} is not a floor`]
  return importsOf(file, readFileSync(file, 'utf8')).flatMap(({ from, line }) => {
    const offence = offenceOf(path, from)
    return offence === undefined ? [] : [`${file}:${line}: ${offence}`]
  })
}

/**
 * What is wrong with an import, or undefined.
 * @param {string} path of the importing file, relative to src/
 * @param {string | undefined} from
 */
function offenceOf(path, from) {
  const floor = floorOf(path)
  if (from === undefined) return 'import of a computed name cannot be checked'
  if (!from.startsWith('.')) {
    const pure = !PURE_FLOORS.includes(floor) || PURE_PACKAGES.has(from)
    return pure ? undefined : `${floor} is a pure floor and may not import ${from}`
  }
  const target = posix.join(posix.dirname(path), from)
  if (target.startsWith('..')) return `import of ${from} leaves src/`
  const other = floorOf(target)
  if (height(other) < 0) return `import of ${from}: ${other} is not a floor`
  if (other === floor || height(other) < height(floor)) return undefined
  return `${floor} may not import ${target}: imports only point down`
}
