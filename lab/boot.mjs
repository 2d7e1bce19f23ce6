// @ts-check
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bzImage } from './debian_kernel.mjs'
import { initramfs } from './initramfs.mjs'
import { startQemu } from './qemu.mjs'
import { whyNoLab } from './requirements.mjs'
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
export async function boot(options) {
  const why = whyNoLab()
  if (why !== undefined) throw new Error(`the lab cannot be used: ${why}`)
  const { machine, folder } = await prepare(options)
  const vm = new Vm(startQemu(machine, options.terminal ? 'inherit' : 'pipe'), folder)
  try {
    await vm.ready(options.timeout ?? 120_000)
    return vm
  } catch (error) {
    await vm[Symbol.asyncDispose]()
    throw error
  }
}

/**
 * Everything that QEMU needs; `folder` is to be removed in the end.
 * @param {BootOptions} options
 */
async function prepare({ kernel, cpus = 2, memory = '1G', la57 = false, commandLine = '' }) {
  const folder = await mkdtemp(join(tmpdir(), 'ksight-lab-'))
  try {
    const archive = join(folder, 'initramfs')
    await writeFile(archive, await initramfs(kernel))
    const image = await bzImage(kernel)
    const machine = {
      kernel: image,
      initramfs: archive,
      share: folder,
      cpus,
      memory,
      la57,
      commandLine,
    }
    return { machine, folder }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}
