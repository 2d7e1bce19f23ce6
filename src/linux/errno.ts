import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'
import { KsightError } from '../errors.js'

/** Kernel-internal (include/linux/errno.h), yet bpf(2) returns it. */
const ENOTSUPP = 524

/** A system call failed. */
export class SysError extends KsightError {
  /** The name of the errno: `EPERM`. */
  readonly code: string

  constructor(
    /** The name of the system call, with its command where it has one: `bpf BPF_MAP_CREATE`. */
    readonly syscall: string,
    readonly errno: number,
    why?: string,
    todo?: string,
  ) {
    const code = errnoName(errno)
    super(syscall, why === undefined ? `${code}: ${errnoText(errno)}` : `${code}: ${why}`, todo)
    this.code = code
  }
}

function errnoName(errno: number): string {
  if (errno === ENOTSUPP) return 'ENOTSUPP'
  for (const [name, number] of Object.entries(constants.errno)) {
    if (number === errno) return name
  }
  return `errno ${errno}`
}

function errnoText(errno: number): string {
  if (errno === ENOTSUPP) return 'operation is not supported'
  return getSystemErrorMap().get(-errno)?.[1] ?? 'the system call failed'
}
