import { deref } from '../object/deref.js'
import type { Kernel } from './kernel.js'

/** `struct new_utsname`, as uname(2) gives it. */
export interface Utsname {
  readonly sysname: string
  readonly nodename: string
  readonly release: string
  readonly version: string
  readonly machine: string
  readonly domainname: string
}

/** `init_utsname()`: the names of the kernel and its machine, in the initial UTS namespace. */
export function initUtsname(kernel: Kernel): Utsname {
  const { name } = deref(deref(kernel.initTask, 'nsproxy'), 'uts_ns')
  const { sysname, nodename, release, version, machine, domainname } = name
  return { sysname, nodename, release, version, machine, domainname }
}
