import { deref } from '../object/deref.js'
import type { Struct, UntypedView } from '../object/kernel_types.js'
import type { Pointer } from '../object/pointer.js'
import type { Kernel } from './kernel.js'
import { isKthread } from './kthread.js'
import { perCpuPtr } from './percpu.js'

/**
 * `struct mm_struct *get_task_mm(struct task_struct *task)`: the address space of a task; null for a
 * kernel thread, also while it borrows one, and for a task that has exited.
 */
export function taskMm(task: UntypedView): Struct<'mm_struct'> | null {
  return isKthread(task) ? null : task.mm
}

/** The pages that a process has in memory or in swap, by kind, in the order of the kernel's enum. */
const COUNTERS = ['MM_FILEPAGES', 'MM_ANONPAGES', 'MM_SWAPENTS', 'MM_SHMEMPAGES'] as const

export type MmCounter = (typeof COUNTERS)[number]

/**
 * `unsigned long get_mm_counter_sum(struct mm_struct *mm, int member)`: pages of one kind, exactly.
 *
 * Since Linux 6.2 (f1a7941243c1) each CPU counts what it adds to `mm->rss_stat[member]`; the sum is
 * what /proc shows since 6.17 and stable releases of 6.12 (82241a83cd15), before it showed
 * {@link getMmCounter}. Up to 6.1 there is one count, `mm->rss_stat.count[member]`, which may
 * miss up to 64 page faults of each thread.
 */
export function getMmCounterSum(kernel: Kernel, mm: UntypedView, counter: MmCounter): bigint {
  if (!hasPerCpuCounters(mm)) return getMmCounter(mm, counter)
  const perCpuCounter = mm.rss_stat[COUNTERS.indexOf(counter)] as UntypedView
  let sum = perCpuCounter.count as bigint
  for (const cpu of kernel.cpus) {
    const counters = deref(perCpuCounter, 'counters') as unknown as Pointer<number>
    sum += BigInt(perCpuPtr(kernel, counters, cpu).$target)
  }
  return notNegative(sum)
}

/**
 * `unsigned long get_mm_counter(struct mm_struct *mm, int member)`: pages of one kind, quickly. Since
 * Linux 6.2 it does not see what a CPU counted last (32 pages, or twice as many as there are CPUs).
 */
export function getMmCounter(mm: UntypedView, counter: MmCounter): bigint {
  const member = COUNTERS.indexOf(counter)
  const count = hasPerCpuCounters(mm)
    ? mm.rss_stat[member].count
    : mm.rss_stat.count[member].counter
  return notNegative(count)
}

/** `unsigned long get_mm_rss(struct mm_struct *mm)`: pages in memory, by {@link getMmCounterSum}. */
export function getMmRss(kernel: Kernel, mm: UntypedView): bigint {
  const kinds = ['MM_FILEPAGES', 'MM_ANONPAGES', 'MM_SHMEMPAGES'] as const
  return kinds.reduce((sum, kind) => sum + getMmCounterSum(kernel, mm, kind), 0n)
}

function hasPerCpuCounters(mm: UntypedView): boolean {
  return Array.isArray(mm.rss_stat)
}

function notNegative(count: bigint): bigint {
  return count > 0n ? count : 0n
}
