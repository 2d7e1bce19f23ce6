// @ts-check
// Debian's kernel packages. They are fetched by apt when first needed and kept outside of the
// repository, in $XDG_CACHE_HOME/ksight/lab.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CACHE, dependencies, unpackPackages } from './debian_package.mjs'
import { decompress } from './decompress.mjs'
import { fillOnce } from './once.mjs'

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

/** The name of the package, such as `linux-image-6.1.0-56-amd64`. */
export const kernelPackage = oncePerVersion(findPackage)

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
  await fillOnce(directory, (folder) => unpackPackages([name], folder))
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

/**
 * The kernel's own package, that of its newest build.
 * @param {DebianVersion} version
 */
async function findPackage(version) {
  const meta = META_PACKAGES.get(version) ?? ''
  const name = (await dependencies(meta)).find((name) => /^linux-image-\d/.test(name))
  if (name === undefined) throw new Error(`apt knows no kernel for ${meta}`)
  return name
}
