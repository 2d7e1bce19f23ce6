import type { Kernel } from '../../src/kernel/kernel.js'
import { kernelFunctionText } from '../../src/unwind/kernel_function.js'
import { type KernelStack, kernelStack } from '../../src/unwind/kernel_stack.js'
import { procText } from '../support/proc.js'

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

/** Undefined if the thread is gone. */
export function procStack(tgid: number, tid: number): string[] | undefined {
  const text = procText(`${tgid}/task/${tid}/stack`)
  return text
    ?.split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace('[<0>] ', ''))
}

export interface Compared {
  readonly tid: number
  readonly told: readonly string[]
  readonly found: readonly string[]
}

/** A thread may have run between two looks that show the same: it is looked at again if they differ. */
export function compareWithProc(kernel: Kernel, tgid: number, tid: number): Compared | undefined {
  let compared = compareOnce(kernel, tgid, tid)
  for (let tries = 3; tries > 0 && `${compared?.told}` !== `${compared?.found}`; tries--) {
    compared = compareOnce(kernel, tgid, tid)
  }
  return compared
}

/** Of a thread whose stack /proc shows to be the same before and after it is looked at. */
function compareOnce(kernel: Kernel, tgid: number, tid: number): Compared | undefined {
  const before = procStack(tgid, tid)
  kernel.drop()
  const task = kernel.findTask(tid)
  if (before === undefined || task === undefined) return undefined
  const stack = kernelStack(kernel, task)
  const found = stack.end.reason === 'running' ? undefined : asProcStack(kernel, stack)
  const same = `${before}` === `${procStack(tgid, tid)}`
  return same && found !== undefined ? { tid, told: before, found } : undefined
}
