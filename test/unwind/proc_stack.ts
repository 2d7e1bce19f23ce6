import type { Kernel } from '../../src/kernel/kernel.js'
import { kernelFunctionText } from '../../src/unwind/kernel_function.js'
import type { KernelStack } from '../../src/unwind/kernel_stack.js'

/** MAX_STACK_TRACE_DEPTH of fs/proc/base.c. */
const MAX_DEPTH = 64

/** Between these are the functions that `in_sched_functions()` leaves out of /proc/PID/stack. */
const SCHED_FUNCTIONS = [
  ['__sched_text_start', '__sched_text_end'],
  ['__lock_text_start', '__lock_text_end'],
] as const

/** A stack's functions as /proc/PID/stack lists them. */
export function asProcStack({ symbols }: Kernel, { frames }: KernelStack): string[] {
  const left = SCHED_FUNCTIONS.map((names) => names.map((name) => symbols.get(name).address))
  const isShown = (ip: bigint) => left.every(([start, end]) => ip < start! || ip >= end!)
  const shown = frames.filter(({ ip }) => isShown(ip)).slice(0, MAX_DEPTH)
  return shown.map((frame) => kernelFunctionText(frame.function!))
}
