import { FaultError } from '../errors.js'
import { PagedMemory } from '../memory/paging/paged_memory.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { taskMm } from './mm.js'
import { mmRoot } from './mm_root.js'

/**
 * `int access_process_vm(struct task_struct *tsk, unsigned long addr, void *buf, int len, unsigned int
 * gup_flags)`, to read only: fills `into` with a task's memory through its page tables, and gives the
 * number of bytes up to the first page that is not there; 0 for a kernel thread, and for a task that has
 * exited. Unlike the kernel it brings no page in: what was never touched, or is in swap, ends it.
 *
 * Works on images, and on the running kernel without the right to trace the process.
 */
export function accessProcessVm(
  kernel: Kernel,
  task: UntypedView,
  address: bigint,
  into: Uint8Array,
): number {
  const mm = taskMm(task)
  if (mm === null) return 0
  const memory = new PagedMemory(kernel.physical, kernel.pageTables.userMode, mmRoot(kernel, mm))
  try {
    memory.read(address, into)
    return into.length
  } catch (error) {
    if (error instanceof FaultError) return Number(error.address - address)
    throw error
  }
}
