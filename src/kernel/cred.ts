import { InconsistentError } from '../errors.js'
import { deref } from '../object/deref.js'
import type { UntypedView } from '../object/kernel_types.js'
import { CAPABILITY_NAMES, type CapabilityName } from './capability_names.js'

/** NGROUPS_MAX */
const MAX_GROUPS = 65536

/**
 * `__task_cred(task)`: the objective credentials, those that count when others act upon the task, and
 * that /proc shows. While it overrides its credentials, it acts by others (`task->cred`).
 */
export function taskCred(task: UntypedView): UntypedView {
  return deref(task, 'real_cred')
}

/** `task_uid(task)`: the real uid, as a kuid, so in terms of the initial user namespace. */
export function taskUid(task: UntypedView): number {
  return taskCred(task).uid.val
}

/** `task_euid(task)`: the effective uid, as a kuid. */
export function taskEuid(task: UntypedView): number {
  return taskCred(task).euid.val
}

/** The ids of credentials, as kuids and kgids. */
export interface CredIds {
  readonly uid: number
  readonly euid: number
  readonly suid: number
  readonly fsuid: number
  readonly gid: number
  readonly egid: number
  readonly sgid: number
  readonly fsgid: number
}

/** Real, effective, saved and file system ids: the lines Uid and Gid of /proc/PID/status. */
export function credIds(cred: UntypedView): CredIds {
  return {
    uid: cred.uid.val,
    euid: cred.euid.val,
    suid: cred.suid.val,
    fsuid: cred.fsuid.val,
    gid: cred.gid.val,
    egid: cred.egid.val,
    sgid: cred.sgid.val,
    fsgid: cred.fsgid.val,
  }
}

/** The supplementary groups, as kgids: `cred->group_info`, sorted. */
export function credGroups(cred: UntypedView): number[] {
  const groups = deref(cred, 'group_info')
  const count = groups.ngroups as number
  if (count < 0 || count > MAX_GROUPS) {
    throw new InconsistentError('cannot read the groups', `${count} of them cannot be`)
  }
  return groups.gid.$take(count).map((gid: UntypedView) => gid.val)
}

/** The sets of capabilities of a task, each a mask in which bit N is capability N. */
export interface CapabilitySets {
  readonly inheritable: bigint
  readonly permitted: bigint
  readonly effective: bigint
  readonly bounding: bigint
  readonly ambient: bigint
}

/** The lines CapInh, CapPrm, CapEff, CapBnd and CapAmb of /proc/PID/status. */
export function credCapabilities(cred: UntypedView): CapabilitySets {
  return {
    inheritable: capabilityMask(cred.cap_inheritable),
    permitted: capabilityMask(cred.cap_permitted),
    effective: capabilityMask(cred.cap_effective),
    bounding: capabilityMask(cred.cap_bset),
    ambient: capabilityMask(cred.cap_ambient),
  }
}

/** A `kernel_cap_t`: one u64 since Linux 6.3 (f122a08b197d), two u32 before. */
function capabilityMask(cap: UntypedView): bigint {
  if (cap.$has('val')) return cap.val
  const [low, high] = cap.cap as [number, number]
  return (BigInt(high) << 32n) | BigInt(low)
}

/** The names of the capabilities in a mask. Bits that no capability has are left out. */
export function capabilityNames(mask: bigint): CapabilityName[] {
  return CAPABILITY_NAMES.filter((_, number) => ((mask >> BigInt(number)) & 1n) === 1n)
}

/** `cred->securebits` by bit (include/uapi/linux/securebits.h); the last four of Linux 6.14. */
const SECUREBITS = [
  'SECURE_NOROOT',
  'SECURE_NOROOT_LOCKED',
  'SECURE_NO_SETUID_FIXUP',
  'SECURE_NO_SETUID_FIXUP_LOCKED',
  'SECURE_KEEP_CAPS',
  'SECURE_KEEP_CAPS_LOCKED',
  'SECURE_NO_CAP_AMBIENT_RAISE',
  'SECURE_NO_CAP_AMBIENT_RAISE_LOCKED',
  'SECURE_EXEC_RESTRICT_FILE',
  'SECURE_EXEC_RESTRICT_FILE_LOCKED',
  'SECURE_EXEC_DENY_INTERACTIVE',
  'SECURE_EXEC_DENY_INTERACTIVE_LOCKED',
] as const

export type Securebit = (typeof SECUREBITS)[number]

/** The names of the bits that are set in `cred->securebits`. */
export function securebitNames(securebits: number): Securebit[] {
  return SECUREBITS.filter((_, number) => ((securebits >>> number) & 1) === 1)
}
