// @ts-check
// Debian's kernel packages. They are fetched by apt when first needed and kept outside of the
// repository, in $XDG_CACHE_HOME/ksight/lab.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { decompress } from './decompress.mjs'

/** @typedef {'6.1' | '6.12'} DebianVersion */

/**
 * Each depends on the package of the newest kernel of a version.
 * @type {ReadonlyMap<DebianVersion, string>}
 */
const META_PACKAGES = new Map([
  ['6.1', 'linux-image-amd64'],
  ['6.12', 'linux-image-6.12-amd64'],
])

export const DEBIAN_VERSIONS = [...META_PACKAGES.keys()]

const run = promisify(execFile)

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ksight/lab')
const APT_LOCK = join(CACHE, 'apt.lock')

/**
 * The directory that holds the files of the kernel's package: boot/, lib/modules/ and so on.
 */
export const kernelDirectory = oncePerVersion(findOrFetch)

/** The paths of all modules by name, with `_` for every `-`. */
const modulePaths = oncePerVersion(listModules)

/** @param {DebianVersion} version */
async function findOrFetch(version) {
  const name = await kernelPackage(version)
  const directory = join(CACHE, name)
  if (!existsSync(directory)) {
    await mkdir(CACHE, { recursive: true })
    await fetchPackage(name, directory)
  }
  return directory
}

/**
 * The path of the kernel image that a boot loader starts.
 * @param {DebianVersion} version
 */
export async function bzImage(version) {
  const boot = join(await kernelDirectory(version), 'boot')
  const name = (await readdir(boot)).find((file) => file.startsWith('vmlinuz-'))
  if (name === undefined) throw new Error(`no vmlinuz in ${boot}`)
  return join(boot, name)
}

/**
 * A module's object file, unpacked; undefined where the kernel has no such module, perhaps because
 * it is built in.
 * @param {DebianVersion} version
 * @param {string} name
 */
export async function readModule(version, name) {
  const path = (await modulePaths(version)).get(name.replaceAll('-', '_'))
  if (path === undefined) return undefined
  const bytes = await readFile(path)
  return path.endsWith('.ko') ? bytes : decompress(bytes)
}

/** @param {DebianVersion} version */
async function listModules(version) {
  const directory = join(await kernelDirectory(version), 'lib/modules')
  const files = await readdir(directory, { recursive: true })
  /** @type {Map<string, string>} */
  const paths = new Map()
  for (const file of files) {
    const name = /([^/]+)\.ko(\.xz|\.zst|\.gz)?$/.exec(file)?.[1]
    if (name !== undefined) paths.set(name.replaceAll('-', '_'), join(directory, file))
  }
  return paths
}

/**
 * @template T
 * @param {(version: DebianVersion) => T} find
 * @returns {(version: DebianVersion) => T}
 */
function oncePerVersion(find) {
  /** @type {Map<DebianVersion, T>} */
  const known = new Map()
  return (version) => {
    const value = known.get(version) ?? find(version)
    known.set(version, value)
    return value
  }
}

/** @param {DebianVersion} version */
async function kernelPackage(version) {
  const meta = META_PACKAGES.get(version) ?? ''
  const known = await dependency(meta)
  if (known !== undefined) return known
  await updateLists()
  const name = await dependency(meta)
  if (name === undefined) throw new Error(`apt knows no kernel for ${meta}`)
  return name
}

/**
 * The kernel's own package, that of its newest build.
 * @param {string} meta
 */
async function dependency(meta) {
  try {
    const { stdout } = await run('apt-cache', ['depends', '--important', meta])
    return /Depends: (linux-image-\d\S+)/.exec(stdout)?.[1]
  } catch {
    // A fresh machine has no lists of packages yet.
    return undefined
  }
}

async function updateLists() {
  await mkdir(CACHE, { recursive: true })
  await run('flock', [APT_LOCK, 'apt-get', 'update', '-qq'])
}

/**
 * Several processes may want it at once: the first one fetches, the others wait for its lock.
 * @param {string} name
 * @param {string} directory
 */
async function fetchPackage(name, directory) {
  const temporary = await mkdtemp(`${directory}.`)
  const script = `
    test -d "$3" && exit
    cd "$2"
    apt-get download -qq "$1" ||
      { flock "$4" apt-get update -qq && apt-get download -qq "$1"; }
    dpkg-deb -x ./*.deb root && mv -T root "$3"`
  try {
    const args = [name, temporary, directory, APT_LOCK]
    await run('flock', [`${directory}.lock`, 'sh', '-ec', script, 'sh', ...args])
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}
