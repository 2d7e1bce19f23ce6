import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { taskPtRegs } from './task_pt_regs.js'

/** Where a thread's stack pointer is. */
export interface UserStackPointer {
  readonly tid: number
  readonly sp: bigint
  /** It has a CPU just now: if it is in user space, this is where the pointer was when it last left it. */
  readonly isRunning: boolean
}

/** The user stack pointers of all threads of a process; see {@link taskPtRegs}. */
export function userStackPointers(kernel: Kernel, process: UntypedView): UserStackPointer[] {
  const found: UserStackPointer[] = []
  for (const thread of kernel.forEachThread(process)) {
    const regs = taskPtRegs(kernel, thread)
    if (regs === undefined) continue
    found.push({ tid: thread.pid, sp: regs.sp, isRunning: isOnCpu(thread) })
  }
  return found
}

/** `task->on_cpu`: it is being executed, in user space or in the kernel. */
function isOnCpu(task: UntypedView): boolean {
  return task.$has('on_cpu') && task.on_cpu !== 0
}
