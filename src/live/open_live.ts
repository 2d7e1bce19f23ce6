import { readFileSync } from 'node:fs'
import { Btf } from '../btf/btf.js'
import { UnsupportedError } from '../errors.js'
import { Columns } from '../kernel/columns.js'
import { type BootHints, Kernel } from '../kernel/kernel.js'
import type { UntypedView } from '../object/kernel_types.js'
import { ObjectSpace } from '../object/space.js'
import { parseCpuList } from './cpu_list.js'
import { openMemory, type Via } from './open_memory.js'
import { TaskIterator } from './task_iterator.js'
import { LiveUserMemory } from './user_memory.js'

export interface LiveOptions {
  /** Forces one way to read memory; by default BPF, then /proc/kcore. */
  readonly via?: Via
}

const BTF_FILE = '/sys/kernel/btf/vmlinux'

/** Opens the running kernel. Throws PermissionError or UnsupportedError that says what is missing. */
export function openLive(options: LiveOptions = {}): Kernel {
  const { memory, source, resources } = openMemory(options.via)
  const types = new Btf(readBtf(), { source: BTF_FILE })
  const tasks = new TaskIterator(types)
  const space = new ObjectSpace(types, memory)
  const hints = liveHints(() => anyTask(space, tasks))
  const symbols = () => ({ find: () => undefined })
  const userMemory = new LiveUserMemory(space, () => ownTask(space, tasks))
  return new Kernel({ source, types, memory, symbols, hints, tasks, userMemory, resources })
}

function readBtf(): Uint8Array {
  try {
    return readFileSync(BTF_FILE)
  } catch {
    throw new UnsupportedError(
      'no type information of this kernel',
      `${BTF_FILE} cannot be read`,
      'it needs a kernel built with CONFIG_DEBUG_INFO_BTF',
    )
  }
}

/** The task of this thread; the iterator takes its pid in its own namespace. */
function ownTask(space: ObjectSpace, tasks: TaskIterator): UntypedView {
  const columns = new Columns(space, space.struct('task_struct').type, [])
  for (const address of columns.addresses(tasks.recordOf(columns, process.pid))) {
    return space.at('task_struct', address)
  }
  throw new UnsupportedError('own task not found', 'the BPF task iterator does not show it')
}

/** The address of the first task that the iterator shows. */
function anyTask(space: ObjectSpace, tasks: TaskIterator): bigint {
  const columns = new Columns(space, space.struct('task_struct').type, [])
  for (const address of columns.addresses(tasks.records(columns, 'processes'))) return address
  throw new UnsupportedError('no task found', 'the BPF task iterator shows none')
}

function liveHints(anyTask: () => bigint): BootHints {
  const physical = vmcoreinfoPhysical()
  return {
    release: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim(),
    anyTask,
    possibleCpus: parseCpuList(readFileSync('/sys/devices/system/cpu/possible', 'utf8')),
    dataSymbol: () => undefined,
    ...(physical === undefined ? {} : { vmcoreinfoPhysical: physical }),
  }
}

/** /sys/kernel/vmcoreinfo holds the physical address of the note and its size. */
function vmcoreinfoPhysical(): bigint | undefined {
  try {
    const [address] = readFileSync('/sys/kernel/vmcoreinfo', 'utf8').split(' ')
    return address !== undefined && /^0x[0-9a-f]+$/.test(address) ? BigInt(address) : undefined
  } catch {
    return undefined
  }
}
