import { deref } from '../object/deref.js'
import type { UntypedView } from '../object/kernel_types.js'
import { taskCred } from './cred.js'
import { taskActivePidNs } from './pid.js'

/** The kinds of namespaces, by the names of the links in /proc/PID/ns. */
export type NamespaceName =
  | 'cgroup'
  | 'ipc'
  | 'mnt'
  | 'net'
  | 'pid'
  | 'pid_for_children'
  | 'time'
  | 'time_for_children'
  | 'user'
  | 'uts'

/** The inode number of each namespace; missing where this kernel, or an exiting task, has none. */
export type NamespaceInums = Partial<Record<NamespaceName, number>>

/** Where each namespace but those of pids and users stands in `struct nsproxy`. */
const IN_NSPROXY: readonly (readonly [name: NamespaceName, member: string])[] = [
  ['cgroup', 'cgroup_ns'],
  ['ipc', 'ipc_ns'],
  ['mnt', 'mnt_ns'],
  ['net', 'net_ns'],
  ['pid_for_children', 'pid_ns_for_children'],
  // Since Linux 5.6.
  ['time', 'time_ns'],
  ['time_for_children', 'time_ns_for_children'],
  ['uts', 'uts_ns'],
]

/**
 * The namespaces of a task by inode number, as the links in /proc/PID/ns show them (`net:[N]`). An
 * exiting task has given up all but the user namespace.
 */
export function taskNamespaces(task: UntypedView): NamespaceInums {
  const found: NamespaceInums = { user: namespaceInum(deref(taskCred(task), 'user_ns')) }
  const pidNs = taskActivePidNs(task)
  if (pidNs !== null) found.pid = namespaceInum(pidNs)
  const { nsproxy } = task
  if (nsproxy === null) return found
  for (const [name, member] of IN_NSPROXY) {
    const namespace = nsproxy.$has(member) ? nsproxy[member] : null
    if (namespace !== null) found[name] = namespaceInum(namespace)
  }
  return found
}

/**
 * `namespace->ns.inum`: the inode number of a namespace. Only its `struct ns_common` is read: that
 * of the network is a few kilobytes.
 */
export function namespaceInum(namespace: UntypedView): number {
  return namespace.$space.at('ns_common', namespace.$addressOf('ns')).inum
}

/** `task_active_pid_ns(task)->level`: how deep its pid namespace is; 0 is the initial one. */
export function taskPidNsLevel(task: UntypedView): number | undefined {
  return taskActivePidNs(task)?.level
}
