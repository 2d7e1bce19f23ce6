import type { UntypedView } from '../object/kernel_types.js'
import { kernelFunctionText } from '../unwind/kernel_function.js'
import type { KernelFrame, KernelStack } from '../unwind/kernel_stack.js'
import type { NamedRegisters } from '../unwind/pt_regs.js'
import type { ShowPointer } from './render/pointers.js'
import { isKernelAddress } from './values/value.js'

/** A task's kernel stack as `ksight bt` shows it. */
export interface ShownStack {
  readonly cpu: number
  readonly pid: number
  readonly comm: string
  readonly task: string
  /** Innermost first. */
  readonly frames: readonly ShownFrame[]
  readonly end: { readonly reason: string; readonly message: string }
  readonly userRegisters: ShownRegisters | null
}

export interface ShownFrame {
  /** Such as `schedule+0x27/0xc0`; null if no function is there. */
  readonly function: string | null
  readonly ip: string
  readonly sp: string
  readonly stack: string | null
  readonly reliable: boolean
  readonly registers: ShownRegisters | null
}

export type ShownRegisters = Readonly<Record<string, string>>

export function shownStack(
  task: UntypedView,
  cpu: number,
  { frames, end, userRegisters }: KernelStack,
  show: ShowPointer,
): ShownStack {
  return {
    cpu,
    pid: task.pid,
    comm: task.comm,
    task: show(task.$address),
    frames: frames.map((frame) => shownFrame(frame, show)),
    end,
    userRegisters: shownRegisters(userRegisters, show),
  }
}

function shownFrame(frame: KernelFrame, show: ShowPointer): ShownFrame {
  return {
    function: frame.function === undefined ? null : kernelFunctionText(frame.function),
    ip: show(frame.ip),
    sp: show(frame.sp),
    stack: frame.stack ?? null,
    reliable: frame.reliable,
    registers: shownRegisters(frame.registers, show),
  }
}

/** What is in a register may be an address of the kernel. */
function shownRegisters(
  registers: NamedRegisters | undefined,
  show: ShowPointer,
): ShownRegisters | null {
  if (registers === undefined) return null
  const shown = (value: bigint) => {
    return isKernelAddress(value) ? show(value) : `0x${value.toString(16).padStart(16, '0')}`
  }
  return Object.fromEntries(Array.from(registers, ([name, value]) => [name, shown(value)]))
}
