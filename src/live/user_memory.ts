import { PermissionError } from '../errors.js'
import { pidNrNs, taskActivePidNs } from '../kernel/pid.js'
import type { UserMemory } from '../kernel/user_memory.js'
import { SysError } from '../linux/errno.js'
import { addressOf, syscall } from '../linux/ffi.js'
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
    const count = processVmReadv(pid, address, into)
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

function processVmReadv(pid: number, address: bigint, into: Uint8Array): number {
  if (into.length === 0) return 0
  const length = BigInt(into.length)
  // Two `struct iovec { void *iov_base; size_t iov_len; }`: the buffer here, the memory there.
  const local = new Uint8Array(BigUint64Array.of(BigInt(addressOf(into)), length).buffer)
  const remote = new Uint8Array(BigUint64Array.of(address, length).buffer)
  try {
    return syscall('process_vm_readv', pid, addressOf(local), 1, addressOf(remote), 1, 0)
  } catch (error) {
    if (!(error instanceof SysError)) throw error
    if (error.code === 'ESRCH' || error.code === 'EFAULT') return 0
    if (error.code !== 'EPERM') throw error
    throw new PermissionError(
      `cannot read memory of process ${pid}`,
      'it may not be traced by this process',
      'use root, or CAP_SYS_PTRACE',
    )
  }
}
