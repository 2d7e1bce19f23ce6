/**
 * Pointers that the kernel never leaves NULL while it shows the struct to anyone. They are declared
 * without `null`, so that a script can say `task.cred.euid.val`. Every live task has credentials, a
 * signal_struct, a thread group leader and parents (those of init_task are itself).
 */
const NEVER_NULL: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'task_struct',
    new Set(['cred', 'real_cred', 'signal', 'group_leader', 'real_parent', 'parent']),
  ],
])

export function isNeverNull(struct: string, member: string): boolean {
  return NEVER_NULL.get(struct)?.has(member) ?? false
}
