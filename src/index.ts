export { Btf, type BtfOptions, type FoundMember } from './btf/btf.js'
export type * from './btf/kinds.js'
export { loadBtf } from './btf/load.js'
export * from './errors.js'
export * from './kernel/capability_names.js'
export * from './kernel/cgroup.js'
export * from './kernel/cmdline.js'
export * from './kernel/cpumask.js'
export * from './kernel/cputime.js'
export * from './kernel/cred.js'
export * from './kernel/death.js'
export * from './kernel/dentry.js'
export { Kernel } from './kernel/kernel.js'
export * from './kernel/kernfs.js'
export * from './kernel/kthread.js'
export * from './kernel/list.js'
export {
  LOG_FACILITIES,
  LOG_LEVELS,
  type LogCaller,
  type LogRecord,
  type OnLost,
} from './kernel/log_record.js'
export * from './kernel/mm.js'
export * from './kernel/namespace.js'
export * from './kernel/path.js'
export * from './kernel/percpu.js'
export * from './kernel/pf_flags.js'
export * from './kernel/pid.js'
export * from './kernel/printk.js'
export * from './kernel/proc_task_name.js'
export * from './kernel/rbtree.js'
export * from './kernel/relations.js'
export * from './kernel/sched.js'
export * from './kernel/state.js'
export * from './kernel/taint.js'
export {
  forEachProcess,
  forEachProcessThread,
  forEachThread,
  taskColumns,
  taskRows,
  type Walk,
} from './kernel/tasks.js'
export * from './kernel/time.js'
export { lastTrouble, type Trouble } from './kernel/trouble.js'
export * from './kernel/uname.js'
export * from './kernel/user_memory.js'
export * from './kernel/user_namespace.js'
export * from './kernel/xarray.js'
export * from './object/container_of.js'
export { FlexibleArray } from './object/flexible_array.js'
export * from './object/kernel_types.js'
export { Pointer } from './object/pointer.js'
export { View } from './object/view.js'
export { openKernel } from './open_kernel.js'
