import { Btf } from '../btf/btf.js'
import { UnsupportedError } from '../errors.js'
import { Columns } from '../kernel/columns.js'
import { Kernel, type KernelParts } from '../kernel/kernel.js'
import { readSysfs } from '../linux/sysfs.js'
import type { Memory } from '../memory/memory.js'
import { ObjectSpace } from '../object/space.js'
import { liveHints } from './hints.js'
import { openMemory, type Via } from './open_memory.js'
import { readSymbols } from './read_symbols.js'
import { TaskIterator } from './task_iterator.js'
import { LiveUserMemory } from './user_memory.js'

export interface LiveOptions {
  /** Forces one way to read memory; by default BPF, then /proc/kcore. */
  readonly via?: Via
}

const BTF_FILE = '/sys/kernel/btf/vmlinux'

/** Opens the running kernel. Throws PermissionError or UnsupportedError that says what is missing. */
export function openLive(options: LiveOptions = {}): Kernel {
  const { via, memory } = openMemory(options.via)
  try {
    const types = new Btf(readBtf(), { source: BTF_FILE })
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

function readBtf(): Uint8Array {
  try {
    return readSysfs(BTF_FILE)
  } catch {
    throw new UnsupportedError(
      'no type information of this kernel',
      `${BTF_FILE} cannot be read`,
      'it needs a kernel built with CONFIG_DEBUG_INFO_BTF',
    )
  }
}

type LiveParts = Pick<KernelParts, 'source' | 'hints' | 'tasks' | 'ownTask' | 'userMemory'>

function throughBpf(types: Btf, memory: Memory): LiveParts {
  const space = new ObjectSpace(types, memory)
  const tasks = new TaskIterator(types)
  const none = new Columns(space, space.struct('task_struct').type, [])
  const first = (records: Uint8Array) => {
    for (const address of none.addresses(records)) return address
    throw new UnsupportedError('no task found', 'the BPF task iterator shows none')
  }
  const ownTask = () => first(tasks.recordOf(none, process.pid))
  return {
    source: 'the running kernel, through BPF',
    hints: { ...liveHints(), anyTask: () => first(tasks.firstRecords(none)) },
    tasks,
    ownTask,
    userMemory: new LiveUserMemory(space, () => space.at('task_struct', ownTask())),
  }
}

function throughKcore(): LiveParts {
  return { source: 'the running kernel, through /proc/kcore', hints: liveHints() }
}
