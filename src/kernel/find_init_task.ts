import { hex } from '../bytes/hex.js'
import { FaultError, InconsistentError, UnsupportedError } from '../errors.js'
import type { ObjectSpace } from '../object/space.js'
import type { Fact } from './fact.js'

/** Nobody is this far from the root of the tree of processes by more than an accident. */
const MAX_ANCESTORS = 100_000

/**
 * `init_task`, the first task: from any other task by following `real_parent` up to the task that
 * is its own parent; or by the symbol, which only kernels with CONFIG_KALLSYMS_ALL tell; or by a
 * search of the kernel's image.
 */
export function findInitTask(
  space: ObjectSpace,
  anyTask: (() => bigint) | undefined,
  symbol: () => bigint | undefined,
  search: () => Iterable<bigint>,
): Fact<bigint> {
  const name = 'init_task'
  if (anyTask !== undefined) {
    const value = eldest(space, anyTask())
    const how = 'the task that is its own real_parent, up from the first one of the task iterator'
    return { name, value, how, checked: checkInitTask(space, value) }
  }
  const value = symbol()
  if (value !== undefined) {
    return { name, value, how: 'symbol init_task', checked: checkInitTask(space, value) }
  }
  for (const candidate of search()) {
    const checked = confirmed(space, candidate)
    const how = 'a task_struct of this name in the kernel image'
    if (checked !== undefined) return { name, value: candidate, how, checked }
  }
  throw new UnsupportedError(
    'cannot find init_task',
    'there is no task iterator, and the symbols do not list it',
    'use --via bpf, or a kernel built with CONFIG_KALLSYMS_ALL',
  )
}

/** What confirms that a place that looks like init_task is it; undefined if it is not. */
function confirmed(space: ObjectSpace, candidate: bigint): string | undefined {
  try {
    return checkInitTask(space, candidate)
  } catch (error) {
    if (error instanceof InconsistentError || error instanceof FaultError) return undefined
    throw error
  }
}

function eldest(space: ObjectSpace, from: bigint): bigint {
  let task = space.at('task_struct', from)
  for (let i = 0; i < MAX_ANCESTORS; i++) {
    const parent = task.real_parent
    if (parent === null || parent.$address === task.$address) return task.$address
    task = parent
  }
  throw new InconsistentError(
    `no init_task above the task at ${hex(from)}`,
    'its real_parents do not end',
  )
}

/** init_task is swapper/0, pid 0, on CPU 0, and never had an mm; its list comes back to it. */
function checkInitTask(space: ObjectSpace, address: bigint): string {
  const task = space.at('task_struct', address)
  const comm = String(task.comm)
  const next = task.tasks.next
  const linked = next?.prev?.$address === task.$addressOf('tasks')
  if (task.pid !== 0 || task.mm !== null || !comm.startsWith('swapper') || !linked) {
    throw new InconsistentError(
      `what should be init_task at ${hex(address)} is not`,
      `pid ${task.pid}, comm ${JSON.stringify(comm)}`,
      'type information and memory may be of different kernels',
    )
  }
  return `pid 0, comm ${comm}, no mm, its task list is linked back to it`
}
