// @ts-check
import { parseSync, Visitor } from 'oxc-parser'

/**
 * @typedef {object} Import
 * @property {string | undefined} from what is imported; undefined if that is computed
 * @property {number} line
 */

/**
 * Everything that a TypeScript file imports: values and types, static and dynamic, re-exports,
 * `import('x').T`, `import x = require('x')` and `/// <reference>`.
 *
 * Throws if the file does not parse.
 * @param {string} path
 * @param {string} source
 * @returns {Import[]}
 */
export function importsOf(path, source) {
  const { program, comments, errors } = parseSync(path, source)
  const [error] = errors
  if (error !== undefined) throw new Error(`${path} does not parse: ${error.message}`)

  /** @type {Import[]} */
  const imports = []
  /** @param {{ start: number, source?: unknown, expression?: unknown }} node @param {any} from */
  const add = (node, from) => {
    const line = source.slice(0, node.start).split('\n').length
    imports.push({ from: typeof from?.value === 'string' ? from.value : undefined, line })
  }
  new Visitor({
    ImportDeclaration: (node) => add(node, node.source),
    ExportAllDeclaration: (node) => add(node, node.source),
    ExportNamedDeclaration: (node) => node.source !== null && add(node, node.source),
    ImportExpression: (node) => add(node, node.source),
    TSImportType: (node) => add(node, node.source),
    TSExternalModuleReference: (node) => add(node, node.expression),
  }).visit(program)
  for (const comment of comments) {
    const reference = /^\/\s*<reference\s+(?:types|path)\s*=\s*["'](.*?)["']/.exec(comment.value)
    if (reference !== null) add(comment, { value: reference[1] })
  }
  return imports
}
