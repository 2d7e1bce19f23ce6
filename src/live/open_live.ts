import type { Btf } from '../btf/btf.js'
import { UnsupportedError } from '../errors.js'
import { Columns } from '../kernel/columns.js'
import { Kernel, type KernelParts } from '../kernel/kernel.js'
import type { Memory } from '../memory/memory.js'
import { ObjectSpace } from '../object/space.js'
import { liveHints } from './hints.js'
import { openMemory, type Via } from './open_memory.js'
import { readSymbols } from './read_symbols.js'
import { readTypes } from './read_types.js'
import { TaskIterator } from './task_iterator.js'
import { LiveUserMemory } from './user_memory.js'

export { listTasksFromProc } from './proc_tasks.js'
export { LiveStacks } from './stacks/live_stacks.js'
export { readSymbols, readTypes }

export interface LiveOptions {
  /** Forces one way to read memory; by default BPF, then /proc/kcore. */
  readonly via?: Via
}

/** Opens the running kernel. Throws PermissionError or UnsupportedError that says what is missing. */
export function openLive(options: LiveOptions = {}): Kernel {
  const { via, memory } = openMemory(options.via)
  try {
    const types = readTypes()
    return new Kernel({
      types,
      memory,
      symbols: readSymbols,
      resources: memory,
      ...(via === 'bpf' ? throughBpf(types, memory) : throughKcore()),
    })
  } catch (error) {
    memory[Symbol.dispose]()
    throw error
  }
}

type LiveParts = Pick<KernelParts, 'source' | 'hints' | 'tasks' | 'ownTask' | 'userMemory'>

function throughBpf(types: Btf, memory: Memory): LiveParts {
  const space = new ObjectSpace(types, memory)
  const tasks = new TaskIterator(types)
  const none = new Columns(space, space.struct('task_struct').type, [])
  const ownTask = () => {
    for (const address of none.addresses(tasks.recordOf(none, process.pid))) return address
    throw new UnsupportedError('own task not found', 'the BPF task iterator does not show it')
  }
  return {
    source: 'the running kernel, through BPF',
    hints: { ...liveHints(), anyTask: () => tasks.anyTask(none) },
    tasks,
    ownTask,
    userMemory: new LiveUserMemory(space, () => space.at('task_struct', ownTask())),
  }
}

function throughKcore(): LiveParts {
  return { source: 'the running kernel, through /proc/kcore', hints: liveHints() }
}
