import { readElf } from '../../src/elf/elf.js'
import { BytesMemory } from './bytes_memory.js'
import { type DebianVersion, debianVmlinux } from './debian_kernel.js'

/** The read-only data of one of Debian's kernels, as it is in the file, as memory. */
export async function debianRodata(version: DebianVersion): Promise<BytesMemory> {
  const elf = readElf(await debianVmlinux(version), `vmlinux ${version}`)
  const section = elf.section('.rodata')!
  return new BytesMemory(section.addr, Uint8Array.from(elf.sectionBytes(section)))
}

/** All addresses of a memory. */
export function rangeOf({ start, bytes }: BytesMemory) {
  return { start, end: start + BigInt(bytes.length) }
}
