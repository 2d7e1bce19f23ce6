import { deref } from '../object/deref.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { taskColumns, threadAddresses } from './tasks.js'

/** CPU time in user mode and in the kernel, in ns. */
export interface CpuTimes {
  readonly utime: bigint
  readonly stime: bigint
}

/** `struct task_cputime`: CPU time as the ticks count it, and as the scheduler measures it. */
export interface TaskCputime extends CpuTimes {
  readonly sumExecRuntime: bigint
}

/** NSEC_PER_SEC / USER_HZ on all architectures but alpha. */
const NSEC_PER_CLOCK_T = 10_000_000n

/** How often the times of a thread group are read anew because a thread of it ended meanwhile. */
const MAX_TRIES = 10

/** `u64 nsec_to_clock_t(u64 x)`: ns in the unit of /proc/PID/stat, 1/100 s. */
export function nsecToClockT(nsec: bigint): bigint {
  return nsec / NSEC_PER_CLOCK_T
}

/**
 * `void cputime_adjust(struct task_cputime *curr, struct prev_cputime *prev, u64 *ut, u64 *st)`: the
 * scheduler measures how long a task ran, ticks only sample whether it was in user mode: the
 * measured time is divided up as the samples are. `prev` is what the kernel told last, and neither
 * time may be less than that.
 */
export function cputimeAdjust(current: TaskCputime, prev: CpuTimes): CpuTimes {
  const runtime = current.sumExecRuntime
  if (prev.stime + prev.utime >= runtime) return { utime: prev.utime, stime: prev.stime }
  const stime = larger(systemShare(current), prev.stime)
  const utime = runtime - stime
  if (utime >= prev.utime) return { utime, stime }
  return { utime: prev.utime, stime: runtime - prev.utime }
}

/** Without any sample in the kernel, or without any sample at all, all was user mode. */
function systemShare({ utime, stime, sumExecRuntime }: TaskCputime): bigint {
  if (stime === 0n) return 0n
  return (stime * sumExecRuntime) / (stime + utime)
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

/**
 * `void task_cputime_adjusted(struct task_struct *p, u64 *ut, u64 *st)`: the CPU time of a thread, as
 * /proc/PID/task/TID/stat shows it. What a running thread used since the kernel last accounted for
 * it (at the last tick; on CPUs of `nohz_full=` perhaps long ago) is not in it.
 */
export function taskCputimeAdjusted(task: UntypedView): CpuTimes {
  const { utime, stime, se, prev_cputime } = task
  return adjust({ utime, stime, sumExecRuntime: se.sum_exec_runtime }, prev_cputime)
}

/**
 * `void thread_group_cputime_adjusted(struct task_struct *p, u64 *ut, u64 *st)`: the CPU time of a
 * process, with that of threads which have ended, as /proc/PID/stat shows it. If a thread ends
 * while the times are read, they are read again.
 */
export function threadGroupCputimeAdjusted(kernel: Kernel, task: UntypedView): CpuTimes {
  let before = deref(task, 'signal').$read()
  for (let tries = 1; ; tries++) {
    const times = threadGroupCputime(kernel, before, task)
    const after = before.$read()
    if (isSettled(before, after) || tries === MAX_TRIES) return adjust(times, after.prev_cputime)
    before = after
  }
}

/** A thread that ends adds its times to those of the group, as a writer of `stats_lock`. */
function isSettled(before: UntypedView, after: UntypedView): boolean {
  const sequence = after.stats_lock.seqcount.seqcount.sequence as number
  return sequence % 2 === 0 && sequence === before.stats_lock.seqcount.seqcount.sequence
}

/** `thread_group_cputime()`: what ended threads left behind, and the threads that live. */
function threadGroupCputime(kernel: Kernel, signal: UntypedView, task: UntypedView): TaskCputime {
  const columns = taskColumns(kernel, ['utime', 'stime', 'se.sum_exec_runtime'])
  const threads = columns.collect(kernel.uncached, threadAddresses(kernel, task.$address))
  let utime = signal.utime as bigint
  let stime = signal.stime as bigint
  let sumExecRuntime = signal.sum_sched_runtime as bigint
  for (const row of columns.decodeAll(threads)) {
    utime += (row.utime as bigint | null) ?? 0n
    stime += (row.stime as bigint | null) ?? 0n
    sumExecRuntime += (row['se.sum_exec_runtime'] as bigint | null) ?? 0n
  }
  return { utime, stime, sumExecRuntime }
}

/** `struct prev_cputime` is empty where CPU time is accounted exactly (s390, powerpc). */
function adjust(times: TaskCputime, prev: UntypedView): CpuTimes {
  if (!prev.$has('utime')) return { utime: times.utime, stime: times.stime }
  return cputimeAdjust(times, { utime: prev.utime, stime: prev.stime })
}
