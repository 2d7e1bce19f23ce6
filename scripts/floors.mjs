// @ts-check

/** The floors of the house, from the ground up: folders of src/, or single files. */
const FLOORS = [
  'errors',
  'bytes',
  'elf',
  'btf',
  'symbols',
  'memory',
  'object',
  'kernel',
  'unwind',
  'dump',
  'files',
  'linux',
  'bpf',
  'live',
  'trace',
  'snapshot',
  'open_kernel',
  'server',
  'cli',
  'index',
]

/** Up to and including dump, everything runs in a browser too. */
export const PURE_FLOORS = FLOORS.slice(0, FLOORS.indexOf('dump') + 1)

/**
 * Packages that run in a browser, and so may be imported by a pure floor.
 * @type {ReadonlySet<string>}
 */
export const PURE_PACKAGES = new Set(['fflate', 'fzstd'])

/**
 * How far up a floor is, or -1 if there is no such floor.
 * @param {string} floor
 */
export function height(floor) {
  return FLOORS.indexOf(floor)
}

/**
 * The floor of a file.
 * @param {string} path relative to src/, such as `btf/decode.ts` or `errors.js`
 */
export function floorOf(path) {
  return path.replace(/\/.*|\.[jt]s$/, '')
}
