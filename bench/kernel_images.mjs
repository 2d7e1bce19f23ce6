// @ts-check
// Memory images to measure with, and the debug information that crash cannot do without. They are made
// or fetched when first needed, and kept outside of the repository.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { boot } from '../lab/boot.mjs'
import { kernelPackage } from '../lab/debian_kernel.mjs'
import { CACHE } from '../lab/debian_package.mjs'
import { fillOnce } from '../lab/once.mjs'

const run = promisify(execFile)

/**
 * The path of an ELF vmcore of one of Debian's kernels.
 * @param {import('../lab/debian_kernel.mjs').DebianVersion} kernel
 * @param {string} memory such as `2G`
 */
export async function vmcore(kernel, memory) {
  const folder = join(CACHE, `bench-${await kernelPackage(kernel)}-${memory}`)
  await fillOnce(folder, async (folder) => {
    const vm = await boot({ kernel, memory })
    try {
      await vm.dump(join(folder, 'vmcore'))
    } finally {
      await vm[Symbol.asyncDispose]()
    }
  })
  return join(folder, 'vmcore')
}

/**
 * The path of vmlinux with its debug information: a package of a gigabyte, most of it for modules.
 * @param {import('../lab/debian_kernel.mjs').DebianVersion} kernel
 */
export async function debugVmlinux(kernel) {
  const name = `${await kernelPackage(kernel)}-dbg`
  const folder = join(CACHE, name)
  await fillOnce(folder, (folder) => run('sh', ['-ec', UNPACK, 'sh', name], { cwd: folder }))
  return join(folder, 'vmlinux')
}

const UNPACK = `
  apt-get download -qq "$1"
  dpkg-deb --fsys-tarfile ./*.deb | tar x --wildcards './usr/lib/debug/boot/vmlinux-*'
  mv usr/lib/debug/boot/vmlinux-* vmlinux
  rm -r ./*.deb usr`
