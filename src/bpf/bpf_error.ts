import { existsSync, readFileSync } from 'node:fs'
import { type KsightError, PermissionError, UnsupportedError } from '../errors.js'
import {
  effectiveCapabilities,
  hasSeccompFilter,
  inInitialUserNamespace,
} from '../linux/capabilities.js'
import type { SysError } from '../linux/errno.js'

const NEEDED = ['CAP_BPF', 'CAP_PERFMON'] as const

const LOCKDOWN = '/sys/kernel/security/lockdown'

/** What stands in the way of BPF, and what would open it. */
interface Obstacle {
  readonly why: string
  readonly todo: string
}

/** What a failure of bpf(2) means to a user. */
export function bpfError(error: SysError): KsightError {
  switch (error.code) {
    case 'EPERM':
      return denied(error.syscall, obstacle() ?? seccomp() ?? UNKNOWN)
    case 'ENOSYS':
      return new UnsupportedError(
        error.syscall,
        'this kernel has no bpf(2)',
        'use a kernel with CONFIG_BPF_SYSCALL=y, or a memory image',
      )
    default:
      return error
  }
}

const UNKNOWN: Obstacle = {
  why: 'EPERM, though no right is missing',
  todo: 'this kernel or a security module forbids it to everyone',
}

/**
 * What it means that the verifier does not know a helper function: the kernel shows those that
 * read its memory only to who may use them. Undefined if this process may.
 */
export function helperDenied(programName: string): PermissionError | undefined {
  const found = obstacle()
  return found && denied(`BPF program ${programName}`, found)
}

function denied(what: string, { why, todo }: Obstacle): PermissionError {
  return new PermissionError(what, why, todo)
}

function obstacle(): Obstacle | undefined {
  return missingCapabilities() ?? userNamespace() ?? lockdown()
}

function missingCapabilities(): Obstacle | undefined {
  const effective = effectiveCapabilities()
  const missing = NEEDED.filter((name) => !effective.has(name))
  if (missing.length === 0 || effective.has('CAP_SYS_ADMIN')) return undefined
  const wanted = NEEDED.join(' and ')
  return {
    why: `it needs the capabilities ${wanted}, and this process lacks ${missing.join(' and ')}`,
    todo: `use sudo, or grant them: sudo setcap cap_bpf,cap_perfmon=ep ${process.execPath}`,
  }
}

function userNamespace(): Obstacle | undefined {
  if (inInitialUserNamespace()) return undefined
  return {
    why: `${NEEDED.join(' and ')} count only in the initial user namespace`,
    todo: 'run ksight on the host, outside of the container',
  }
}

/** Kernel lockdown; at `confidentiality` no program may read kernel memory. */
function lockdown(): Obstacle | undefined {
  if (!existsSync(LOCKDOWN)) return undefined
  if (!readFileSync(LOCKDOWN, 'utf8').includes('[confidentiality]')) return undefined
  return {
    why: `the kernel is locked down (${LOCKDOWN} says confidentiality)`,
    todo: 'boot with lockdown=integrity or none',
  }
}

function seccomp(): Obstacle | undefined {
  if (!hasSeccompFilter()) return undefined
  return {
    why: 'a seccomp filter, perhaps that of a container, refuses it',
    todo: 'allow bpf(2) in the seccomp profile, or run ksight on the host',
  }
}
