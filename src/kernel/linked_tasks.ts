import type { Kernel } from './kernel.js'

/** How often a task is looked at that seems to be on no list: its neighbour may just be leaving. */
const MAX_TRIES = 4

/**
 * The start times of those tasks that are on the list of threads of their process now; undefined for
 * tasks that have been released. On a running kernel, a task that was found a moment ago may have
 * ended, and its memory may be another's task: that one has another start time.
 */
export function startTimesOfLinked(
  kernel: Kernel,
  tasks: readonly bigint[],
): (bigint | undefined)[] {
  const found: (bigint | undefined)[] = new Array(tasks.length).fill(undefined)
  let open = tasks.map((_, i) => i)
  for (let tries = 0; tries < MAX_TRIES && open.length > 0; tries++) {
    const starts = linkedStarts(
      kernel,
      open.map((i) => tasks[i]!),
    )
    starts.forEach((start, j) => {
      found[open[j]!] = start
    })
    open = open.filter((i) => found[i] === undefined)
  }
  return found
}

/** `task->thread_node.next->prev == &task->thread_node`, and the start time of these. */
function linkedStarts(kernel: Kernel, tasks: readonly bigint[]): (bigint | undefined)[] {
  const { uncached, initTask } = kernel
  const little = kernel.types.littleEndian
  const nodeOffset = initTask.$offsetOf('thread_node')
  const startOffset = initTask.$offsetOf('start_boottime')
  // They are close to each other: one range for both.
  const from = Math.min(nodeOffset, startOffset)
  const length = Math.max(nodeOffset, startOffset) + 8 - from
  const parts = uncached.gather(tasks.map((task) => ({ address: task + BigInt(from), length })))
  const word = (i: number, offset: number) => {
    const bytes = parts[i]
    if (!(bytes instanceof Uint8Array)) return undefined
    return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset - from, little)
  }
  const prev = BigInt(kernel.space.struct('list_head').at(0n).$offsetOf('prev'))
  const neighbours = tasks.map((_, i) => ({
    address: (word(i, nodeOffset) ?? 0n) + prev,
    length: 8,
  }))
  return uncached.gather(neighbours).map((bytes, i) => {
    if (!(bytes instanceof Uint8Array)) return undefined
    const back = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, little)
    return back === tasks[i]! + BigInt(nodeOffset) ? word(i, startOffset) : undefined
  })
}
