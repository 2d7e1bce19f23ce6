import type { UntypedView } from '../object/kernel_types.js'
import { PF } from './pf_flags.js'

/** A task of which at least the flags are known. */
export type FlaggedTask = UntypedView | { readonly flags: number }

/**
 * Tells a kernel thread: PF_KTHREAD, as the line `Kthread:` of /proc/PID/status does (Linux 6.8).
 *
 * A kernel thread has no `mm`, except while it borrows one with `kthread_use_mm()`; and a user task
 * has none either once it exits, so `mm` alone tells nothing. Threads that the kernel makes within a
 * user process, to work on its behalf with its mm, are no kernel threads: see {@link isUserWorker}.
 */
export function isKthread(task: FlaggedTask): boolean {
  return (task.flags & PF.PF_KTHREAD) !== 0
}

/**
 * Tells a thread of a user process that only ever runs in the kernel: an io_uring worker
 * (`iou-wrk-…`, PF_IO_WORKER, a thread of its process since Linux 5.12 and a kernel thread before) or,
 * since Linux 6.4, any PF_USER_WORKER, which vhost's workers are too. (In 5.10 to 5.16 the bit of the
 * latter marks a task that used `async_schedule()`.)
 */
export function isUserWorker(task: FlaggedTask): boolean {
  return !isKthread(task) && (task.flags & (PF.PF_IO_WORKER | PF.PF_USER_WORKER)) !== 0
}

/**
 * The member of a task_struct that points to a kernel thread's `struct kthread`: `worker_private`
 * since Linux 5.17 (e32cf5dfbe22), `set_child_tid` before.
 */
export type KthreadMember = 'worker_private' | 'set_child_tid'

/** The {@link KthreadMember} of this kernel: `worker_private` came with its use for kthreads. */
export function kthreadMember(task: UntypedView): KthreadMember {
  return task.$has('worker_private') ? 'worker_private' : 'set_child_tid'
}
