import { hex } from '../bytes/hex.js'
import { FaultError, UnsupportedError } from '../errors.js'
import { containerOf } from '../object/container_of.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { ObjectSpace } from '../object/space.js'
import type { Fact } from './fact.js'
import type { PerCpuSection } from './percpu_section.js'

/** Where the per-CPU areas are. */
export interface PerCpuAreas {
  /** Where each CPU's copy of the per-CPU section starts, by CPU number. */
  readonly bases: ReadonlyMap<number, bigint>
  /** `__per_cpu_offset[cpu]`: what is added to a per-CPU pointer. */
  readonly offsets: ReadonlyMap<number, bigint>
}

/**
 * The per-CPU areas of all CPUs that a task ran on: each task knows its CPU's run queue, which is
 * a per-CPU variable whose place in the section BTF tells. The run queue must name that CPU and its
 * idle task, and the area's own `this_cpu_off` must agree.
 */
export function findPerCpuAreas(
  space: ObjectSpace,
  section: PerCpuSection,
  tasks: Iterable<UntypedView>,
  possible: readonly number[],
): Fact<PerCpuAreas> {
  const runqueues = section.get('runqueues')
  const bases = new Map<number, bigint>()
  for (const task of tasks) {
    const queue = unlessUnreadable(() => confirmedQueueOf(space, task))
    if (queue === undefined || bases.has(queue.cpu)) continue
    bases.set(queue.cpu, queue.$address - BigInt(runqueues.offset))
    if (bases.size === possible.length) break
  }
  addByStride(space, bases, possible, runqueues.offset)
  const missing = possible.filter((cpu) => !bases.has(cpu))
  if (bases.size === 0 || (missing.length > 0 && missing.includes(0))) {
    throw new UnsupportedError('cannot find the per-CPU areas', 'no task leads to a run queue')
  }
  const offsets = readOffsets(space, section, bases)
  const found = [...bases.keys()].sort((a, b) => a - b)
  return {
    name: 'per-CPU areas',
    value: { bases, offsets },
    how: `run queues of tasks, and runqueues at +${hex(runqueues.offset)} of BTF's .data..percpu`,
    checked: `rq->cpu, rq->idle and this_cpu_off agree for CPU ${found.join(', ')}${
      missing.length > 0 ? `; not found: CPU ${missing.join(', ')}` : ''
    }`,
  }
}

/**
 * `task_rq(task)` by its cfs_rq: that is a member of the run queue, or (with groups) names it.
 * Undefined where a task leads to no run queue.
 */
function confirmedQueueOf(space: ObjectSpace, task: UntypedView): UntypedView | undefined {
  const cfs = task.se.cfs_rq
  if (!cfs) return undefined
  const rq: UntypedView | null = cfs.$has('rq') ? cfs.rq : containerOf(space, cfs, 'rq', 'cfs')
  return rq !== null && confirmed(rq, rq.cpu) ? rq : undefined
}

/** What a damaged task leads to may not be there; other tasks lead to the same run queue. */
function unlessUnreadable<T>(find: () => T): T | undefined {
  try {
    return find()
  } catch (error) {
    if (error instanceof FaultError) return undefined
    throw error
  }
}

function confirmed(rq: UntypedView, cpu: number): boolean {
  const idle = rq.idle
  return idle !== null && idle.pid === 0 && [`swapper/${cpu}`, 'swapper'].includes(idle.comm)
}

/** CPUs that no task is on: the first chunk's areas are equally far apart; the guess is confirmed. */
function addByStride(
  space: ObjectSpace,
  bases: Map<number, bigint>,
  possible: readonly number[],
  runqueues: number,
): void {
  const [first, second] = [...bases.keys()].sort((a, b) => a - b)
  if (first === undefined || second === undefined) return
  const stride = (bases.get(second)! - bases.get(first)!) / BigInt(second - first)
  for (const cpu of possible) {
    if (bases.has(cpu)) continue
    const base = bases.get(first)! + BigInt(cpu - first) * stride
    const rq = space.at('rq', base + BigInt(runqueues))
    if (unlessUnreadable(() => rq.cpu === cpu && confirmed(rq, cpu))) bases.set(cpu, base)
  }
}

/**
 * `this_cpu_off` of each area is `__per_cpu_offset[cpu]`. All areas must be equally far from it,
 * namely by `__per_cpu_start`: 0 on x86-64 before Linux 6.15, an address of the image since then.
 */
function readOffsets(
  space: ObjectSpace,
  section: PerCpuSection,
  bases: Map<number, bigint>,
): Map<number, bigint> {
  const thisCpuOff = section.get('this_cpu_off')
  const offsets = new Map<number, bigint>()
  let start: bigint | undefined
  for (const [cpu, base] of bases) {
    const bytes = new Uint8Array(8)
    space.memory.read(base + BigInt(thisCpuOff.offset), bytes)
    const offset = new DataView(bytes.buffer).getBigUint64(0, space.btf.littleEndian)
    const distance = BigInt.asUintN(64, base - offset)
    start ??= distance
    if (distance !== start) {
      throw new UnsupportedError(
        'cannot find the per-CPU areas',
        `CPU ${cpu}'s this_cpu_off ${hex(offset)} does not fit its area at ${hex(base)}`,
      )
    }
    offsets.set(cpu, offset)
  }
  return offsets
}
