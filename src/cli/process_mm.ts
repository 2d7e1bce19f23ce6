import { FaultError, InconsistentError, NotFoundError } from '../errors.js'
import type { Kernel } from '../kernel/kernel.js'
import { isKthread } from '../kernel/kthread.js'
import { taskMm } from '../kernel/mm.js'
import { pgdPhysical } from '../kernel/residency.js'
import type { UntypedView } from '../object/kernel_types.js'

/** A process with an address space. */
export interface ProcessMm {
  readonly pid: number
  readonly comm: string
  /** The task whose mm it is: the main thread, or if that has ended before others, one of these. */
  readonly task: UntypedView
  readonly mm: UntypedView
}

/** The process that a thread belongs to. Throws {@link NotFoundError} if it has no address space. */
export function findProcessMm(kernel: Kernel, pid: number): ProcessMm {
  const found = kernel.findTask(pid)
  if (found === undefined) {
    throw new NotFoundError(`no task ${pid}`, [], 'no process or thread has this PID')
  }
  const leader = found.group_leader ?? found
  for (const task of [leader, found, ...kernel.forEachThread(leader)]) {
    const mm = taskMm(task)
    if (mm !== null) return { pid: leader.pid, comm: leader.comm, task, mm }
  }
  throw new NotFoundError(`no address space of ${pid}`, [], whyNone(kernel, found))
}

function whyNone(kernel: Kernel, task: UntypedView): string {
  if (!isKthread(task)) return `${task.comm} has exited and given it up`
  const name = `[${task.comm}] is a kernel thread, which has no mm of its own`
  if (task.mm !== null) {
    return `${name}, and works with that of ${ownerOf(kernel, task.mm)} for now`
  }
  // The scheduler takes it back when the thread sleeps.
  if (task.active_mm === null)
    return `${name}, and while it sleeps borrows none (active_mm is NULL)`
  return `${name}; its active_mm is ${ownerOf(kernel, task.active_mm)}`
}

function ownerOf(kernel: Kernel, mm: UntypedView): string {
  for (const process of kernel.forEachProcess()) {
    if (!isKthread(process) && process.mm?.$address === mm.$address) {
      return `that of ${process.comm} (PID ${process.pid})`
    }
  }
  const isInit = pgdPhysical(kernel, mm) === kernel.pageTables.root
  return isInit ? 'init_mm, the kernel’s own' : 'that of a process that has exited'
}

/** Looks at a process, and makes sure that it did not exit meanwhile and leave its memory to others. */
export function whileItLives<T>(kernel: Kernel, { pid, mm }: ProcessMm, look: () => T): T {
  const isThere = () => {
    const task = kernel.findTask(pid)
    if (task === undefined) return false
    const tasks = [task, ...kernel.forEachThread(task)]
    return tasks.some((thread) => taskMm(thread)?.$address === mm.$address)
  }
  const gone = () => new NotFoundError(`no address space of ${pid}`, [], 'it exited meanwhile')
  try {
    const result = look()
    if (!isThere()) throw gone()
    return result
  } catch (error) {
    const torn = error instanceof FaultError || error instanceof InconsistentError
    if (torn && !isThere()) throw gone()
    throw error
  }
}
