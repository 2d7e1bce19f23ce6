// @ts-check
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * Whether this module is the script that Node was started with.
 * @param {string} url the module's `import.meta.url`
 */
export function isMain(url) {
  const script = process.argv[1]
  return script !== undefined && realpathSync(script) === fileURLToPath(url)
}
