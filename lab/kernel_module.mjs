// @ts-check
// The lab's own kernel module (module/), built against the headers of Debian's kernels.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { kernelPackage } from './debian_kernel.mjs'
import { CACHE, dependencies, unpackPackages } from './debian_package.mjs'
import { fillOnce } from './once.mjs'

const SOURCE = fileURLToPath(new URL('module', import.meta.url))
export const MODULE = 'ksight_lab.ko'

const run = promisify(execFile)

/**
 * The path of the module, built if these sources have not been built for this kernel yet.
 * @param {import('./debian_kernel.mjs').DebianVersion} version
 */
export async function kernelModule(version) {
  const kernel = await kernelPackage(version)
  const hash = await hashFolder(SOURCE)
  const folder = join(CACHE, `ksight_lab-${kernel}-${hash.slice(0, 16)}`)
  await fillOnce(folder, async (empty) => build(await headers(kernel), empty))
  return join(folder, MODULE)
}

/**
 * The folder of the headers that the kernel's modules are built against.
 * @param {string} kernel its package
 */
async function headers(kernel) {
  const name = kernel.replace('image', 'headers')
  const folder = join(CACHE, name)
  await fillOnce(folder, async (empty) => {
    const needed = (await dependencies(name)).filter((other) => {
      return /^linux-(headers-.*-common|kbuild-)/.test(other)
    })
    await unpackPackages([name, ...needed], empty)
    await makeMovable(join(empty, 'usr/src', name, 'Makefile'))
  })
  return join(folder, 'usr/src', name)
}

/**
 * The packages are made to be installed; in another folder, theirs are side by side as well.
 * @param {string} makefile
 */
async function makeMovable(makefile) {
  const text = await readFile(makefile, 'utf8')
  await writeFile(makefile, text.replace('include /usr/src/', 'include ../'))
}

/**
 * @param {string} headers
 * @param {string} folder for the module
 */
async function build(headers, folder) {
  const source = join(folder, 'source')
  await cp(SOURCE, source, { recursive: true })
  // Debian's packages ask for the very compiler that the kernel was built with; any will do.
  const variables = [`M=${source}`, 'CC=gcc', 'CONFIG_DEBUG_INFO_BTF_MODULES=']
  await run('make', ['-s', '-C', headers, ...variables, 'modules'])
  await copyFile(join(source, MODULE), join(folder, MODULE))
}

/**
 * A hash over the names and contents of all files in a folder.
 * @param {string} folder
 */
export async function hashFolder(folder) {
  const hash = createHash('sha256')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  for (const path of paths.sort()) {
    hash.update(`${path.slice(folder.length)}\0`).update(await readFile(path))
  }
  return hash.digest('hex')
}
