// @ts-check
import { accessSync, constants, mkdtempSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { scratch } from './compile.mjs'
import { measure, outputOf } from './measure.mjs'
import { summary } from './statistics.mjs'

/**
 * One of those that are compared.
 * @typedef {object} Contender
 * @property {string} name
 * @property {readonly string[]} command
 * @property {(output: string) => boolean} check whether the output shows the work that is measured
 * @property {boolean} [coldCache] gives each run an empty cache directory
 * @property {number} [wantedWall] milliseconds that it should take at most
 * @property {number} [wantedPeak] MB that it should use at most
 * @property {number} [wantedRatio] how many times as long as the first it should take at least
 */

/**
 * What the contenders are measured on.
 * @typedef {object} Case
 * @property {string} title
 * @property {readonly Contender[]} contenders the first is what the others are compared with
 * @property {() => Promise<() => Promise<void>>} [prepare] brings the case about; what it returns undoes it
 */

/**
 * @typedef {object} Result
 * @property {Contender} contender
 * @property {import('./statistics.mjs').Summary} wall milliseconds
 * @property {import('./statistics.mjs').Summary} cpu milliseconds
 * @property {import('./statistics.mjs').Summary} peak MB
 */

/**
 * Runs the contenders in turn, so that what else the machine does meets all of them.
 * @param {readonly Contender[]} contenders
 * @param {number} runs
 * @returns {Result[]}
 */
export function compare(contenders, runs) {
  for (const contender of contenders) warmUp(contender)
  /** @type {Map<Contender, import('./measure.mjs').Cost[]>} */
  const costs = new Map(contenders.map((contender) => [contender, []]))
  for (let run = 0; run < runs; run++) {
    for (const [contender, list] of costs) list.push(measure(contender.command, options(contender)))
  }
  return [...costs].map(([contender, list]) => ({
    contender,
    wall: summary(list.map(({ wall }) => wall)),
    cpu: summary(list.map(({ cpu }) => cpu)),
    peak: summary(list.map(({ peak }) => peak)),
  }))
}

/** Fills the caches, and makes sure that a quick run is not a wrong one. @param {Contender} contender */
function warmUp({ name, command, check }) {
  for (let run = 0; run < 2; run++) {
    if (!check(outputOf(command))) throw new Error(`${name} does not print what it should`)
  }
}

/** @param {Contender} contender */
function options({ coldCache }) {
  return coldCache ? { env: { XDG_CACHE_HOME: mkdtempSync(join(scratch, 'cache-')) } } : {}
}

/** Whether this machine has the command. @param {Contender} contender */
export function isInstalled({ command: [program = ''] }) {
  const directories = (process.env.PATH ?? '').split(delimiter)
  return directories.some((directory) => {
    try {
      accessSync(program.startsWith('/') ? program : join(directory, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
