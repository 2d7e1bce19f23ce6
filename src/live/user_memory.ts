import { PermissionError } from '../errors.js'
import { pidNrNs, taskActivePidNs } from '../kernel/pid.js'
import type { UserMemory } from '../kernel/user_memory.js'
import { SysError } from '../linux/errno.js'
import { processVmReadv } from '../linux/process_vm_readv.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { ObjectSpace } from '../object/space.js'

/**
 * The memory of running processes by `process_vm_readv(2)`: it stops nobody, and needs the right to
 * trace the process (CAP_SYS_PTRACE for that of others).
 */
export class LiveUserMemory implements UserMemory {
  private namespace: UntypedView | null | undefined

  constructor(
    /** Over memory that remembers nothing. */
    private readonly space: ObjectSpace,
    /** The task of this thread. */
    private readonly ownTask: () => UntypedView,
  ) {}

  read(task: UntypedView, address: bigint, into: Uint8Array): number {
    const pid = this.pidOf(task)
    if (pid === 0) return 0
    const count = readOne(pid, address, into)
    // The process may have ended, and its pid may be another's by now.
    const now = this.space.at('task_struct', task.$address)
    return now.thread_pid?.$address === task.thread_pid.$address ? count : 0
  }

  /** System calls take pids of the caller's namespace. */
  private pidOf(task: UntypedView): number {
    this.namespace ??= taskActivePidNs(this.ownTask())
    return this.namespace === null ? 0 : pidNrNs(task.thread_pid, this.namespace)
  }
}

function readOne(pid: number, address: bigint, into: Uint8Array): number {
  try {
    return processVmReadv(pid, [{ address, into }])[0]!
  } catch (error) {
    if (!(error instanceof SysError)) throw error
    if (error.code === 'ESRCH') return 0
    throw cannotTrace(pid, error)
  }
}

/** What EPERM of process_vm_readv(2) means. */
export function cannotTrace(pid: number, error: SysError): Error {
  if (error.code !== 'EPERM') return error
  return new PermissionError(
    `cannot read memory of process ${pid}`,
    'it may not be traced by this process',
    'use root, or CAP_SYS_PTRACE',
  )
}
