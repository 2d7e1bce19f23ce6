import { deref } from '../object/deref.js'
import type { Struct, UntypedView } from '../object/kernel_types.js'
import { listForEachEntry } from './list.js'
import { pidNrNs, taskActivePidNs } from './pid.js'

/** `enum pid_type` since Linux 4.19. */
const PIDTYPE_PGID = 2
const PIDTYPE_SID = 3

/**
 * The process that a task is a child of: `task->real_parent`. (`task->parent` is who gets its
 * SIGCHLD: the debugger, while it is traced.)
 */
export function realParent(task: UntypedView): Struct<'task_struct'> {
  return deref(task, 'real_parent')
}

/** `pid_t task_ppid_nr(const struct task_struct *tsk)`: the parent's tgid in the initial namespace. */
export function taskPpidNr(task: UntypedView): number {
  return realParent(task).tgid
}

/**
 * The children of a thread, `&task->children`, as they are now (the page cache is dropped). Every
 * thread has a list of its own; /proc/PID/task/TID/children shows it. Throws InconsistentError if it
 * stays torn.
 */
export function* forEachChild(task: UntypedView): Generator<Struct<'task_struct'>> {
  task.$space.memory.drop?.()
  const head = task.$addressOf('children')
  yield* listForEachEntry(task.$space, head, 'task_struct', 'sibling')
}

/** The other children of the same parent thread. */
export function* forEachSibling(task: UntypedView): Generator<Struct<'task_struct'>> {
  for (const child of forEachChild(realParent(task))) {
    if (child.$address !== task.$address) yield child
  }
}

/** `bool thread_group_leader(struct task_struct *p)`: it is the main thread of its process. */
export function threadGroupLeader(task: UntypedView): boolean {
  return task.exit_signal >= 0
}

/** `int get_nr_threads(struct task_struct *task)`: the threads of its process. */
export function getNrThreads(task: UntypedView): number {
  return deref(task, 'signal').nr_threads
}

/** `int thread_group_empty(struct task_struct *p)`: it is the only thread of its process. */
export function threadGroupEmpty(task: UntypedView): boolean {
  const head = deref(task, 'signal').$addressOf('thread_head')
  return threadGroupLeader(task) && task.thread_node.next?.$address === head
}

/** `int is_global_init(struct task_struct *tsk)`: a thread of the process with pid 1. */
export function isGlobalInit(task: UntypedView): boolean {
  return task.tgid === 1
}

/** `struct pid *task_pgrp(struct task_struct *task)`: its process group. */
export function taskPgrp(task: UntypedView): Struct<'pid'> | null {
  return deref(task, 'signal').pids[PIDTYPE_PGID]
}

/** `struct pid *task_session(struct task_struct *task)` */
export function taskSession(task: UntypedView): Struct<'pid'> | null {
  return deref(task, 'signal').pids[PIDTYPE_SID]
}

/** `pid_t pid_nr(struct pid *pid)`: its number in the initial namespace; 0 for none. */
export function pidNr(pid: UntypedView | null): number {
  return pid === null ? 0 : pid.numbers.$at(0).nr
}

/** The process group id in the initial namespace. */
export function taskPgrpNr(task: UntypedView): number {
  return pidNr(taskPgrp(task))
}

/** The session id in the initial namespace. */
export function taskSessionNr(task: UntypedView): number {
  return pidNr(taskSession(task))
}

/** `pid_t task_pgrp_vnr(struct task_struct *tsk)`, in the task's own namespace. */
export function taskPgrpVnr(task: UntypedView): number {
  return ownNr(task, taskPgrp(task))
}

/** `pid_t task_session_vnr(struct task_struct *tsk)`, in the task's own namespace. */
export function taskSessionVnr(task: UntypedView): number {
  return ownNr(task, taskSession(task))
}

function ownNr(task: UntypedView, pid: UntypedView | null): number {
  const namespace = taskActivePidNs(task)
  return namespace === null ? 0 : pidNrNs(pid, namespace)
}

/**
 * The controlling terminal as a device number in the encoding of stat(2) and /proc/PID/stat, or 0:
 * `new_encode_dev(tty_devnum(tty))`.
 */
export function taskTtyNr(task: UntypedView): number {
  const { tty } = deref(task, 'signal')
  if (tty === null) return 0
  const { major, minor_start } = deref(tty, 'driver')
  const minor = minor_start + tty.index
  return (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)
}
