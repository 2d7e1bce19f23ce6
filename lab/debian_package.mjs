// @ts-check
// Debian's packages, fetched by apt and unpacked, not installed. What they hold is kept outside of
// the repository.
import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ksight/lab')

const APT_LOCK = join(CACHE, 'apt.lock')

const run = promisify(execFile)

/**
 * The packages that a package depends on. A fresh machine has no lists of packages yet: they are
 * fetched then.
 * @param {string} name
 * @returns {Promise<string[]>}
 */
export async function dependencies(name) {
  const known = await knownDependencies(name)
  if (known.length > 0) return known
  await mkdir(CACHE, { recursive: true })
  await run('flock', [APT_LOCK, 'apt-get', 'update', '-qq'])
  return knownDependencies(name)
}

/** @param {string} name */
async function knownDependencies(name) {
  try {
    const { stdout } = await run('apt-cache', ['depends', '--important', name])
    return Array.from(stdout.matchAll(/Depends: (\S+)/g), ([, dependency = '']) => dependency)
  } catch {
    return []
  }
}

/**
 * Fetches packages and unpacks them into a folder.
 * @param {readonly string[]} names
 * @param {string} folder
 */
export async function unpackPackages(names, folder) {
  const script = `
    lock=$1
    shift
    apt-get download -qq "$@" ||
      { flock "$lock" apt-get update -qq && apt-get download -qq "$@"; }
    for package in ./*.deb; do dpkg-deb -x "$package" .; done
    rm ./*.deb`
  await run('sh', ['-ec', script, 'sh', APT_LOCK, ...names], { cwd: folder })
}
