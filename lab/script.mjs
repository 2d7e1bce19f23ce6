// @ts-check
import { fileURLToPath } from 'node:url'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))

/**
 * A shell script that becomes a command, in the project's folder. The guest has the same files as
 * the host, so the host's PATH is right for it too.
 * @param {readonly string[]} command
 */
export function script(command) {
  const path = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`
  return `cd ${quoted(PROJECT)} &&
export HOME=/root PATH=${quoted(path)} TERM=${quoted(process.env.TERM ?? 'linux')} &&
exec ${command.map(quoted).join(' ')}
`
}

/** @param {string} word */
function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`
}
