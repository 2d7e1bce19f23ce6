import { hex } from '../bytes/hex.js'
import { FaultError, InconsistentError, type KsightError } from '../errors.js'
import { deref } from '../object/deref.js'
import type { Kernel } from './kernel.js'
import { listNodes } from './list.js'
import type { TaskScope } from './task_source.js'

/** Told, for each part of a result that damaged memory has not got, why that is. */
export type OnMissing = (why: KsightError) => void

/** For who can do with nothing less than all. */
export const fail: OnMissing = (why) => {
  throw why
}

/**
 * The addresses of all tasks of a memory image by their lists, which stand still: what is on them is
 * there, and what is torn stays so. A torn list is followed from both of its ends.
 */
export function stillTasks(kernel: Kernel, scope: TaskScope, onMissing: OnMissing): bigint[] {
  const { initTask } = kernel
  const offset = BigInt(initTask.$offsetOf('tasks'))
  const tasks = new Set<bigint>()
  for (const node of nodesFromBothEnds(kernel, initTask.$address + offset, onMissing)) {
    const leader = node - offset
    tasks.add(leader)
    if (scope === 'processes') continue
    for (const thread of stillThreads(kernel, leader, onMissing)) tasks.add(thread)
  }
  return [...tasks]
}

function stillThreads(kernel: Kernel, leader: bigint, onMissing: OnMissing): bigint[] {
  try {
    const task = kernel.at('task_struct', leader)
    const offset = BigInt(task.$offsetOf('thread_node'))
    const head = deref(task, 'signal').$addressOf('thread_head')
    const nodes = [...nodesFromBothEnds(kernel, head, onMissing)]
    if (!nodes.includes(leader + offset)) onMissing(notItsOwn(leader, head))
    return nodes.map((node) => node - offset)
  } catch (error) {
    onMissing(damage(error))
    return []
  }
}

/** Its signal is another process's: where its own threads are, nothing tells. */
function notItsOwn(leader: bigint, head: bigint): InconsistentError {
  return new InconsistentError(
    `the threads of the process at ${hex(leader)} cannot be listed`,
    `it is not on the list at ${hex(head)}, where its signal leads`,
  )
}

function* nodesFromBothEnds(
  { space }: Kernel,
  head: bigint,
  onMissing: OnMissing,
): Generator<bigint> {
  const found = new Set<bigint>()
  for (const direction of ['forward', 'backward'] as const) {
    try {
      for (const node of listNodes(space, head, direction, 0)) {
        if (!found.has(node)) yield node
        found.add(node)
      }
      return
    } catch (error) {
      const why = damage(error)
      if (direction === 'forward') onMissing(why)
    }
  }
}

/** The error, if it is one of damaged memory; any other is thrown. */
function damage(error: unknown): KsightError {
  if (error instanceof FaultError || error instanceof InconsistentError) return error
  throw error
}
