// @ts-check
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bzImage } from './debian_kernel.mjs'
import { initramfs } from './initramfs.mjs'
import { startQemu } from './qemu.mjs'
import { whyNoLab } from './requirements.mjs'
import { TemporaryFolder } from './temporary_folder.mjs'
import { Vm } from './vm.mjs'

/**
 * @typedef {object} BootOptions
 * @property {import('./debian_kernel.mjs').DebianVersion} kernel
 * @property {number} [cpus] 2 by default
 * @property {string} [memory] `1G` by default
 * @property {boolean} [la57] 5-level paging
 * @property {string} [commandLine] more parameters of the kernel
 * @property {boolean} [terminal] whether the console is this process's terminal
 * @property {number} [timeout] milliseconds for the guest to start, 120,000 by default
 */

/**
 * Starts a virtual machine with one of Debian's kernels. Its root file system is the host's;
 * whatever it writes is gone with it.
 * @param {BootOptions} options
 */
export async function boot({
  kernel: version,
  cpus = 2,
  memory = '1G',
  la57 = false,
  commandLine = '',
  terminal = false,
  timeout = 120_000,
}) {
  const why = whyNoLab()
  if (why !== undefined) throw new Error(`the lab cannot be used: ${why}`)
  const kernel = await bzImage(version)
  const archive = await initramfs(version)
  const folder = new TemporaryFolder()
  const file = join(folder.path, 'initramfs')
  await writeFile(file, archive)
  const machine = { kernel, initramfs: file, share: folder.path, cpus, memory, la57, commandLine }
  const vm = new Vm(startQemu(machine, terminal ? 'inherit' : 'pipe'), folder)
  try {
    await vm.ready(timeout)
    return vm
  } catch (error) {
    await vm[Symbol.asyncDispose]()
    throw error
  }
}
