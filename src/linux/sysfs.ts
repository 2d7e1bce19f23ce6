import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { SysError } from './errno.js'
import { Mapping } from './mmap.js'

/**
 * A large binary file of sysfs, such as /sys/kernel/btf/vmlinux (5.5 MB): mapped where the kernel
 * allows it (Linux 6.16 for BTF), which takes no time and no memory; else read, which sysfs does
 * a page at a time however large the buffer. The bytes are for reading only: writing is a SIGSEGV
 * where they are mapped.
 */
export function readSysfs(path: string): Uint8Array {
  const fd = openSync(path, 'r')
  try {
    return mapOrRead(fd)
  } finally {
    closeSync(fd)
  }
}

function mapOrRead(fd: number): Uint8Array {
  try {
    // The kernel refuses to share its BTF, since a shared mapping could be made writable.
    return new Mapping(fd, fstatSync(fd).size, { shared: false }).bytes
  } catch (error) {
    if (error instanceof SysError) return readFileSync(fd)
    throw error
  }
}
