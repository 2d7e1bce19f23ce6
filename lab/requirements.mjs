// @ts-check
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** What the lab starts, and the packages of Debian that have it. */
const TOOLS = new Map([
  ['qemu-system-x86_64', 'qemu-system-x86'],
  ['busybox', 'busybox-static'],
  ['setpriv', 'util-linux'],
  ['flock', 'util-linux'],
  ['apt-get', 'apt'],
  ['dpkg-deb', 'dpkg'],
  ['xz', 'xz-utils'],
  // The lab's module is built, with Debian's headers.
  ['make', 'make'],
  ['gcc', 'gcc'],
])

/** Why the lab cannot be used on this machine; undefined if it can. */
export function whyNoLab() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `it needs Linux on x64, and this is ${process.platform} on ${process.arch}`
  }
  const missing = [...TOOLS].filter(([tool]) => findTool(tool) === undefined)
  if (missing.length === 0) return undefined
  const names = missing.map(([tool, name]) => `${tool} (Debian's package ${name})`)
  return `this machine lacks ${names.join(', ')}`
}

/**
 * The path of a program.
 * @param {string} name
 */
export function findTool(name) {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}
