// @ts-check
// Checks that no file but the ignored ones holds a path of the machine that it was written on.
import { spawnSync } from 'node:child_process'
import { homedir } from 'node:os'
import { sep } from 'node:path'
import { SKIPPED } from './exit_codes.mjs'

/** Directories that every system has say nothing of one machine. */
const COMMON = new Set(['bin', 'etc', 'home', 'mnt', 'opt', 'root', 'srv', 'tmp', 'usr', 'var'])

const [, top = ''] = process.cwd().split(sep)
const patterns = [literal(process.cwd()), '/home/[a-z][-a-z0-9_]*/', '/Users/[A-Za-z]']
if (!COMMON.has(top)) patterns.push(`(^|[^A-Za-z0-9_.])/${literal(top)}/`)
if (homedir() !== '/root') patterns.push(literal(homedir()))

const expressions = patterns.flatMap((pattern) => ['-e', pattern])
const options = ['--no-index', '--exclude-standard', '-nIE']
const grep = spawnSync(
  'git',
  ['grep', ...options, ...expressions, '--', ':!scripts/check_paths.mjs'],
  {
    encoding: 'utf8',
  },
)
if (grep.status === 0 || grep.status === 1) {
  process.stdout.write(grep.stdout)
  process.exitCode = grep.status === 0 ? 1 : 0
} else {
  console.log(`cannot ask git for the files: ${grep.error?.message ?? grep.stderr.trim()}`)
  process.exitCode = SKIPPED
}

/** A regular expression that matches this text. @param {string} text */
function literal(text) {
  return text.replace(/[.+*?()[\]{}|^$\\]/g, '\\$&')
}
