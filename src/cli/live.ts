import { readFileSync } from 'node:fs'
import type { PointerMode } from './render/pointers.js'

// What only the running kernel has, and only the machine that it runs on can tell.

const CAP_SYSLOG = 34n

/** The rule of `%pK`: restricted_pointer() in the kernel's lib/vsprintf.c. */
export function pointerRule(): PointerMode {
  const restrict = sysctl('kernel/kptr_restrict')
  if (restrict === 0) return hashesPointers() ? 'hashed' : 'raw'
  return restrict === 1 && hasCapSyslog() && !changedIds() ? 'raw' : 'hidden'
}

/** The rule of /proc/kallsyms: kallsyms_show_value() in kernel/ksyms_common.c. */
export function symbolRule(): PointerMode {
  const restrict = sysctl('kernel/kptr_restrict')
  const isForPerf = restrict === 0 && sysctl('kernel/perf_event_paranoid') <= 1
  return isForPerf || (restrict <= 1 && hasCapSyslog()) ? 'raw' : 'hidden'
}

/** The value of a sysctl; where it cannot be read, larger than any. */
function sysctl(path: string): number {
  try {
    return Number(readFileSync(`/proc/sys/${path}`, 'utf8'))
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** Unless the kernel was started to print its pointers as they are. */
function hashesPointers(): boolean {
  const words = readFileSync('/proc/cmdline', 'utf8').trim().split(/\s+/)
  return !words.includes('no_hash_pointers') && !words.includes('hash_pointers=never')
}

function hasCapSyslog(): boolean {
  const [, effective] =
    /^CapEff:\t([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return effective !== undefined && ((BigInt(`0x${effective}`) >> CAP_SYSLOG) & 1n) === 1n
}

/** Whether this process runs with other ids than those of who started it, as set-user-ID ones do. */
function changedIds(): boolean {
  return process.geteuid?.() !== process.getuid?.() || process.getegid?.() !== process.getgid?.()
}

/** `uname -r` */
export function liveRelease(): string {
  return readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()
}
