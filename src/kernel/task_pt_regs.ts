import { FaultError, UnsupportedError } from '../errors.js'
import type { Struct, UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { isKthread } from './kthread.js'

/**
 * TOP_OF_KERNEL_STACK_PADDING: 0, or 16 on x86-64 kernels with CONFIG_X86_FRED (Linux 6.9). Which of
 * them it is shows where the selectors of user code stand.
 */
const PADDINGS = [0, 16]

/**
 * `struct pt_regs *task_pt_regs(struct task_struct *task)`, on x86-64: the registers with which a task last
 * entered the kernel from user space. They are true while it is in the kernel, and old while it runs in
 * user space. Undefined for what never was in user space: kernel threads and io_uring's workers.
 */
export function taskPtRegs(kernel: Kernel, task: UntypedView): Struct<'pt_regs'> | undefined {
  if (!kernel.space.has('pt_regs', 'ss') || !kernel.space.has('pt_regs', 'r15')) {
    throw new UnsupportedError('cannot find user registers', 'this is no x86-64 kernel')
  }
  if (isKthread(task) || task.stack === null) return undefined
  const top = task.stack.$address + BigInt(kernel.threadSize)
  const { size } = kernel.space.struct('pt_regs').type
  for (const padding of PADDINGS) {
    const regs = kernel.at('pt_regs', top - BigInt(padding + size))
    if (areOfUser(regs)) return regs
  }
  return undefined
}

/** `user_mode(regs)`: the two lowest bits of the selectors are the ring. */
function areOfUser(regs: UntypedView): boolean {
  try {
    // Words of 64 bits before Linux 6.9.
    return (BigInt(regs.cs) & 3n) === 3n && (BigInt(regs.ss) & 3n) === 3n
  } catch (error) {
    // The stack of a task that has exited is let go of.
    if (error instanceof FaultError) return false
    throw error
  }
}
