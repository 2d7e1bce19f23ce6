import { readFileSync, readlinkSync } from 'node:fs'
import type { BootHints } from '../kernel/kernel.js'
import { parseCpuList } from './cpu_list.js'

/** What /proc and /sys tell of the running kernel beforehand. */
export function liveHints(): BootHints {
  const physical = vmcoreinfoPhysical()
  return {
    release: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim(),
    possibleCpus: parseCpuList(readFileSync('/sys/devices/system/cpu/possible', 'utf8')),
    ...(isInitialPidNamespace() ? { ownPid: process.pid } : {}),
    ...(physical === undefined ? {} : { vmcoreinfoPhysical: physical }),
  }
}

/** The initial namespace has a fixed inode number: PROC_PID_INIT_INO (include/linux/proc_ns.h). */
function isInitialPidNamespace(): boolean {
  return readlinkSync('/proc/self/ns/pid') === `pid:[${0xeffffffc}]`
}

/** /sys/kernel/vmcoreinfo holds the physical address of the note and its size. */
function vmcoreinfoPhysical(): bigint | undefined {
  try {
    const [address] = readFileSync('/sys/kernel/vmcoreinfo', 'utf8').split(' ')
    return address !== undefined && /^0x[0-9a-f]+$/.test(address) ? BigInt(address) : undefined
  } catch {
    return undefined
  }
}
