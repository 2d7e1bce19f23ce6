// @ts-check
import { readFile } from 'node:fs/promises'
import { cpio } from './cpio.mjs'
import { modulesInOrder } from './modules.mjs'
import { findTool } from './requirements.mjs'

/**
 * The archive that the kernel unpacks as its first root file system.
 * @param {import('./debian_kernel.mjs').DebianVersion} version
 */
export async function initramfs(version) {
  /** @type {Map<string, Uint8Array | undefined>} */
  const files = new Map()
  for (const folder of ['bin', 'dev', 'modules', 'proc', 'sys']) files.set(folder, undefined)
  // Statically linked, so that it runs without any library.
  files.set('bin/busybox', await readFile(findTool('busybox') ?? ''))
  for (const script of ['init', 'agent']) files.set(script, await guestFile(script))
  const modules = await modulesInOrder(version)
  for (const [name, bytes] of modules) files.set(`modules/${name}.ko`, bytes)
  files.set('modules/order', Buffer.from([...modules.keys()].map((name) => `${name}\n`).join('')))
  return cpio(files)
}

/** @param {string} name */
function guestFile(name) {
  return readFile(new URL(`guest/${name}`, import.meta.url))
}
