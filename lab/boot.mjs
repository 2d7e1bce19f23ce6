// @ts-check
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bzImage } from './debian_kernel.mjs'
import { initramfs } from './initramfs.mjs'
import { kernelModule, MODULE } from './kernel_module.mjs'
import { startQemu } from './qemu.mjs'
import { whyNoLab } from './requirements.mjs'
import { TemporaryFolder } from './temporary_folder.mjs'
import { PATIENCE, Vm } from './vm.mjs'

/**
 * @typedef {object} BootOptions
 * @property {import('./debian_kernel.mjs').DebianVersion} kernel
 * @property {number} [cpus] 2 by default
 * @property {string} [memory] `1G` by default
 * @property {boolean} [la57] 5-level paging
 * @property {string} [commandLine] more parameters of the kernel
 * @property {boolean} [module] whether the lab's own module is loaded: /proc/ksight_lab
 * @property {boolean} [terminal] whether the console is this process's terminal
 * @property {number} [timeout] milliseconds for the guest to start, 5 minutes by default
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
  module = false,
  terminal = false,
  timeout = PATIENCE,
}) {
  const why = whyNoLab()
  if (why !== undefined) throw new Error(`the lab cannot be used: ${why}`)
  const kernel = await bzImage(version)
  const archive = await initramfs(version)
  const folder = new TemporaryFolder()
  const file = join(folder.path, 'initramfs')
  await writeFile(file, archive)
  if (module) await copyFile(await kernelModule(version), join(folder.path, MODULE))
  const machine = { kernel, initramfs: file, share: folder.path, cpus, memory, la57, commandLine }
  const vm = new Vm(startQemu(machine, terminal ? 'inherit' : 'pipe'), folder)
  try {
    await vm.ready(timeout)
    if (module) await load(vm)
    return vm
  } catch (error) {
    await vm[Symbol.asyncDispose]()
    throw error
  }
}

/** @param {Vm} vm */
async function load(vm) {
  const { exitCode, stderr } = await vm.run('/run/lab/busybox', [
    'insmod',
    `/run/lab/share/${MODULE}`,
  ])
  if (exitCode !== 0) throw new Error(`the guest cannot load ${MODULE}: ${stderr.trim()}`)
}
