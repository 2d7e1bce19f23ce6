import type { UntypedView } from '../object/kernel_types.js'

/** Bits of `task->__state` and `task->exit_state` (include/linux/sched.h). */
const TASK_UNINTERRUPTIBLE = 0x0002
const TASK_NOLOAD = 0x0400
/** Since Linux 5.15; real-time kernels only. Nothing used the bit before. */
const TASK_RTLOCK_WAIT = 0x1000
/** Since Linux 6.1; nothing used the bit before. */
const TASK_FROZEN = 0x8000

const TASK_IDLE = TASK_UNINTERRUPTIBLE | TASK_NOLOAD

/** The bits that /proc reports: sleeping, stopped, traced, dead, zombie, parked. */
const TASK_REPORT = 0x7f
const TASK_REPORT_IDLE = TASK_REPORT + 1

/** By the number of the highest bit, from 1 on; 0 is running. As in /proc/PID/status. */
const STATES = [
  ['R', 'running'],
  ['S', 'sleeping'],
  ['D', 'disk sleep'],
  ['T', 'stopped'],
  ['t', 'tracing stop'],
  ['X', 'dead'],
  ['Z', 'zombie'],
  ['P', 'parked'],
  ['I', 'idle'],
] as const

/** A task's state as one letter, as `ps` shows it. */
export type StateChar = (typeof STATES)[number][0]

/**
 * `unsigned int __task_state_index(unsigned int tsk_state, unsigned int tsk_exit_state)`: the same
 * bits on every kernel since 4.14. Frozen tasks are reported as in uninterruptible sleep; between
 * Linux 6.1 and 6.11 /proc calls them running (commit f718faf3940e).
 */
export function taskStateIndex(state: number, exitState: number): number {
  let reported = (state | exitState) & TASK_REPORT
  if ((state & TASK_IDLE) === TASK_IDLE) reported = TASK_REPORT_IDLE
  if ((state & (TASK_RTLOCK_WAIT | TASK_FROZEN)) !== 0) reported = TASK_UNINTERRUPTIBLE
  return 32 - Math.clz32(reported)
}

/** `char task_index_to_char(unsigned int state)`, of the two numbers that make a task's state. */
export function stateChar(state: number, exitState: number): StateChar {
  return STATES[taskStateIndex(state, exitState)]![0]
}

/** What /proc/PID/status says behind the letter, such as `disk sleep`. */
export function stateName(state: number, exitState: number): string {
  return STATES[taskStateIndex(state, exitState)]![1]
}

/** `READ_ONCE(task->__state)`; the member was called `state` before Linux 5.14 (2f064a59a11f). */
export function taskState(task: UntypedView): number {
  return task.$has('__state') ? task.__state : Number(task.state)
}

/** `char task_state_to_char(struct task_struct *tsk)` */
export function taskStateToChar(task: UntypedView): StateChar {
  return stateChar(taskState(task), task.exit_state)
}
