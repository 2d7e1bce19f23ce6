import type { UntypedView } from '../object/kernel_types.js'
import { cpumaskCpus } from './cpumask.js'
import type { Kernel } from './kernel.js'

/** Priorities below are of real-time and deadline tasks (include/linux/sched/prio.h). */
const MAX_RT_PRIO = 100

/** The static priority of nice 0. */
const DEFAULT_PRIO = 120

/** Scheduling policies by number (include/uapi/linux/sched.h); SCHED_EXT is of Linux 6.12. */
const POLICIES = [
  'SCHED_NORMAL',
  'SCHED_FIFO',
  'SCHED_RR',
  'SCHED_BATCH',
  undefined,
  'SCHED_IDLE',
  'SCHED_DEADLINE',
  'SCHED_EXT',
] as const

export type SchedPolicy = NonNullable<(typeof POLICIES)[number]>

/** The name of `task->policy`; undefined for a number that no kernel uses. */
export function schedPolicyName(policy: number): SchedPolicy | undefined {
  return POLICIES[policy]
}

/**
 * `unsigned int task_cpu(const struct task_struct *p)`: the CPU that a task runs on, or ran on last.
 * In `thread_info` since Linux 5.16 (bcf9033e5449), in the task_struct before.
 */
export function taskCpu(task: UntypedView): number {
  return task.$has('cpu') ? task.cpu : task.thread_info.cpu
}

/**
 * `int task_prio(const struct task_struct *p)`: the priority as /proc/PID/stat shows it: 0 to 39 for
 * normal tasks (20 is nice 0), -100 to -2 for real-time ones, -101 for deadline.
 */
export function taskPrio(task: UntypedView): number {
  return task.prio - MAX_RT_PRIO
}

/** `int task_nice(const struct task_struct *p)`: -20 to 19. */
export function taskNice(task: UntypedView): number {
  return task.static_prio - DEFAULT_PRIO
}

/** The CPUs that a task may run on: `task->cpus_mask` (Linux 5.3), Cpus_allowed_list of /proc. */
export function taskCpusAllowed(kernel: Kernel, task: UntypedView): number[] {
  const nrCpuIds = Math.max(...kernel.cpus) + 1
  return cpumaskCpus(task.cpus_mask, nrCpuIds)
}

/** How often a task was switched away from. */
export interface ContextSwitches {
  /** `nvcsw`: it waited for something. */
  readonly voluntary: bigint
  /** `nivcsw`: it was preempted. */
  readonly involuntary: bigint
}

/** The counts of context switches of one thread, as in /proc/PID/task/TID/status. */
export function taskContextSwitches(task: UntypedView): ContextSwitches {
  return { voluntary: task.nvcsw, involuntary: task.nivcsw }
}

/**
 * When a task was created, in ns since boot, time asleep included: `task->start_boottime` (Linux 5.5,
 * cf25e24db61c). /proc/PID/stat shows it in ticks and adds the boot-time offset of the reader's time
 * namespace.
 */
export function taskStartTime(task: UntypedView): bigint {
  return task.start_boottime
}
