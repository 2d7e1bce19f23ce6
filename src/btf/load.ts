import { readElf } from '../elf/elf.js'
import { isElf } from '../elf/header.js'
import { Btf, type BtfOptions } from './btf.js'

/**
 * The BTF in a file, told by its content: a raw blob, as /sys/kernel/btf/vmlinux, or an ELF file
 * with a `.BTF` section, as an unpacked kernel image or a module. Throws {@link NotFoundError} for an
 * ELF file without BTF.
 */
export function loadBtf(bytes: Uint8Array, options: BtfOptions = {}): Btf {
  if (!isElf(bytes)) return new Btf(bytes, options)
  const source = options.source ?? 'ELF file'
  return new Btf(readElf(bytes, source).sectionBytes('.BTF'), {
    ...options,
    source: `${source} .BTF`,
  })
}
