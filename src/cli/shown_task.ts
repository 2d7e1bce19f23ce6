import type { TaskSummary } from '../kernel/task_summary.js'
import type { ShowPointer } from './render/pointers.js'

/** A task's name, in brackets if it is a kernel thread. */
export function shownName({ comm, kernelThread, idle }: TaskSummary): string {
  if (idle) return `[${comm}] idle`
  return kernelThread ? `[${comm}]` : comm
}

/** An address for JSON: null where it is not known. */
export function shownAddress(address: bigint | undefined, show: ShowPointer): string | null {
  return address === undefined ? null : show(address)
}
