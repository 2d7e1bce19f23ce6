import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  bzImage,
  type DebianVersion,
  kernelDirectory as debianKernelDir,
  readModule,
} from '../../lab/debian_kernel.mjs'
import { decompress, GZIP_MAGIC } from '../../lab/decompress.mjs'
import { readElf } from '../../src/elf/elf.js'
import { hasTools } from './tools.js'

export { type DebianVersion, debianKernelDir }

/** Whether this is a system on which Debian's kernels can be had. */
export const canFetchKernels = hasTools('apt-get', 'apt-cache', 'dpkg-deb', 'flock', 'xz', 'zstd')

/** The `.BTF` section of vmlinux. */
export async function debianBtf(version: DebianVersion): Promise<Uint8Array> {
  return readElf(await debianVmlinux(version), `vmlinux ${version}`).sectionBytes('.BTF')
}

/** The `.BTF` section of a module such as `overlay`: split BTF on top of {@link debianBtf}. */
export async function debianModuleBtf(version: DebianVersion, module: string): Promise<Uint8Array> {
  return readElf(await debianModule(version, module), `${module}.ko`).sectionBytes('.BTF')
}

/** A module's object file, unpacked. */
export async function debianModule(version: DebianVersion, module: string): Promise<Uint8Array> {
  const bytes = await readModule(version, module)
  if (bytes === undefined) throw new Error(`Debian's kernel ${version} has no module ${module}`)
  return bytes
}

/** The kernel as an ELF file: stripped, but with its sections. */
export async function debianVmlinux(version: DebianVersion): Promise<Uint8Array> {
  const cached = join(await debianKernelDir(version), 'vmlinux')
  if (!existsSync(cached)) {
    const payload = kernelPayload(await readFile(await bzImage(version)))
    const temporary = `${cached}.${randomUUID()}`
    await writeFile(temporary, await decompress(payload))
    await rename(temporary, cached)
  }
  return readFile(cached)
}

/** The compressed vmlinux within a bzImage, found by its setup header (boot protocol 2.08). */
function kernelPayload(bzImage: Buffer): Buffer {
  if (bzImage.toString('latin1', 0x202, 0x206) !== 'HdrS') throw new Error('not a bzImage')
  const setupSectors = bzImage[0x1f1]! || 4
  const start = (setupSectors + 1) * 512 + bzImage.readUInt32LE(0x248)
  const payload = bzImage.subarray(start, start + bzImage.readUInt32LE(0x24c))
  // The kernel's build appends the unpacked size, unless the format ends with it anyway.
  return payload.readUInt16LE(0) === GZIP_MAGIC ? payload : payload.subarray(0, -4)
}
