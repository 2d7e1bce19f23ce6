import { hex } from '../bytes/hex.js'
import { UnsupportedError } from '../errors.js'
import type { Fact } from '../kernel/fact.js'
import { findVmcoreinfo } from '../kernel/search_vmcoreinfo.js'
import { Vmcoreinfo } from '../kernel/vmcoreinfo.js'
import type { Dump } from './dump.js'

/** VMCOREINFO of the kernel in an image: from the file's notes, or looked for in its memory. */
export function imageVmcoreinfo(dump: Dump, name: string): Fact<Vmcoreinfo> {
  if (dump.vmcoreinfo !== undefined) {
    const value = new Vmcoreinfo(dump.vmcoreinfo)
    const checked = `it tells of ${value.get('OSRELEASE')}`
    return { name: 'VMCOREINFO', value, how: 'a note of the file', checked }
  }
  const found = findVmcoreinfo(dump.physical, dump.ranges)
  if (found === undefined) {
    throw new UnsupportedError(
      `cannot understand ${name} (${dump.format})`,
      'neither the file nor the memory in it has VMCOREINFO of a Linux kernel',
      'it may be no memory image, or one of a kernel built without CONFIG_VMCORE_INFO',
    )
  }
  return {
    name: 'VMCOREINFO',
    value: found.vmcoreinfo,
    how: `memory searched; it lies at physical ${hex(found.physical)}`,
    checked: found.why,
  }
}
