import { hex } from '../bytes/hex.js'
import { InconsistentError } from '../errors.js'
import { containerOf } from '../object/container_of.js'
import { deref } from '../object/deref.js'
import type { Struct, UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { idrFind } from './xarray.js'

/** `enum pid_type`: PIDTYPE_PID. */
const PIDTYPE_PID = 0

/** MAX_PID_NS_LEVEL (include/linux/pid_namespace.h) */
const MAX_PID_NS_LEVEL = 32

/**
 * `find_task_by_pid_ns(pid, ns)`: through the IDR of the namespace (Linux 4.15, commit
 * 95846ecf9dac); the initial namespace unless another one is given. It looks at memory as it is now
 * (the page cache is dropped).
 */
export function findTask(
  kernel: Kernel,
  pid: number,
  namespace: UntypedView = initPidNs(kernel),
): Struct<'task_struct'> | undefined {
  if (pid === 0) return kernel.initTask
  kernel.drop()
  const entry = idrFind(kernel.space, namespace.idr.$address, pid)
  return entry === 0n ? undefined : pidTask(kernel, kernel.at('pid', entry))
}

/** `pid_task(pid, PIDTYPE_PID)`: the first task on the pid's list. */
function pidTask(kernel: Kernel, pid: UntypedView): Struct<'task_struct'> | undefined {
  const node = pid.tasks[PIDTYPE_PID].first
  if (node === null) return undefined
  // Since Linux 4.19 (commit 2c4704756cab) the node is pid_links[type] of the task.
  return containerOf(kernel.space, node, 'task_struct', `pid_links[${PIDTYPE_PID}]`)
}

/** `init_pid_ns`: the namespace of init_task's own pid. */
export function initPidNs(kernel: Kernel): UntypedView {
  return deref(deref(kernel.initTask, 'nsproxy'), 'pid_ns_for_children')
}

/** `task_active_pid_ns(task)`: the namespace in which the task has its innermost pid. */
export function taskActivePidNs(task: UntypedView): UntypedView | null {
  const pid = task.thread_pid
  return pid === null ? null : pid.numbers.$at(levelOf(pid)).ns
}

/** `task_pid_nr(task)`: the pid as the initial namespace sees it. */
export function taskPidNr(task: UntypedView): number {
  return task.pid
}

/** `task_tgid_nr(task)` */
export function taskTgidNr(task: UntypedView): number {
  return task.tgid
}

/** `pid_nr_ns(pid, ns)`: 0 where the pid is not visible in the namespace. */
export function pidNrNs(pid: UntypedView | null, namespace: UntypedView): number {
  if (pid === null || namespace.level > pid.level) return 0
  const upid = pid.numbers.$at(levelOf(namespace))
  return upid.ns?.$address === namespace.$address ? upid.nr : 0
}

/** `task_pid_vnr(task)`: its pid within its own innermost namespace; 0 once it has exited. */
export function taskPidVnr(task: UntypedView): number {
  const namespace = taskActivePidNs(task)
  return namespace === null ? 0 : pidNrNs(task.thread_pid, namespace)
}

/** `task_tgid_vnr(task)` */
export function taskTgidVnr(task: UntypedView): number {
  return taskPidVnr(deref(task, 'group_leader'))
}

/** All pids of a task, from the initial namespace to the innermost, as NSpid of /proc shows them. */
export function taskPids(task: UntypedView): number[] {
  const pid = task.thread_pid
  if (pid === null) return []
  return pid.numbers.$take(levelOf(pid) + 1).map((upid: UntypedView) => upid.nr)
}

/** How deep a pid or a namespace is. */
function levelOf(view: UntypedView): number {
  if (view.level <= MAX_PID_NS_LEVEL) return view.level
  throw new InconsistentError(
    `what should be a ${view.$type.name} at ${hex(view.$address)} is none`,
    `level ${view.level} cannot be`,
    'it was freed meanwhile, or memory is damaged; read it again',
  )
}
