import { Btf } from '../btf/btf.js'
import { UnsupportedError } from '../errors.js'
import { readSysfs } from '../linux/sysfs.js'

const BTF_FILE = '/sys/kernel/btf/vmlinux'

/** The running kernel's types; anybody may read them. Throws {@link UnsupportedError}. */
export function readTypes(): Btf {
  return new Btf(readBtf(), { source: BTF_FILE })
}

function readBtf(): Uint8Array {
  try {
    return readSysfs(BTF_FILE)
  } catch {
    throw new UnsupportedError(
      'no type information of this kernel',
      `${BTF_FILE} cannot be read`,
      'it needs a kernel built with CONFIG_DEBUG_INFO_BTF',
    )
  }
}
