// @ts-check
import { readModule } from './debian_kernel.mjs'

/**
 * What the guest needs to find its root file system and to tell QEMU where VMCOREINFO is. Some
 * kernels have some of them built in.
 */
const WANTED = ['virtio_pci', '9pnet_virtio', '9p', 'overlay', 'qemu_fw_cfg']

/**
 * Modules, each after those that it depends on; by default those that the guest loads when it starts.
 * @param {import('./debian_kernel.mjs').DebianVersion} version
 * @param {readonly string[]} names
 * @returns {Promise<Map<string, Buffer>>} object files by name
 */
export async function modulesInOrder(version, names = WANTED) {
  /** @type {Map<string, Buffer>} */
  const ordered = new Map()
  for (const name of names) await add(name)
  return ordered

  /** @param {string} name */
  async function add(name) {
    if (ordered.has(name)) return
    const module = await readModule(version, name)
    if (module === undefined) return
    for (const dependency of dependencies(module)) await add(dependency)
    ordered.set(name, module)
  }
}

/**
 * The `depends=` entry of a module's .modinfo section, from which depmod makes modules.dep.
 * @param {Buffer} module
 */
function dependencies(module) {
  const key = '\0depends='
  const start = module.indexOf(key, 0, 'latin1')
  if (start === -1) return []
  const end = module.indexOf('\0', start + key.length, 'latin1')
  return module
    .toString('latin1', start + key.length, end)
    .split(',')
    .filter((name) => name !== '')
}
