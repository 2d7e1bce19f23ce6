// @ts-check
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * All files below a directory, with forward slashes, in one order everywhere.
 * @param {string} directory
 */
export function filesBelow(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).replaceAll('\\', '/'))
    .sort()
}
