import { readFileSync } from 'node:fs'
import { UnsupportedError } from '../errors.js'
import { Columns } from '../kernel/columns.js'
import { type BootHints, Kernel } from '../kernel/kernel.js'
import { ObjectSpace } from '../object/space.js'
import { parseCpuList } from './cpu_list.js'
import { readLiveSymbols } from './live_symbols.js'
import { readLiveTypes } from './live_types.js'
import { openMemory, type Via } from './open_memory.js'
import { TaskIterator } from './task_iterator.js'

export interface LiveOptions {
  /** Forces one way to read memory; by default BPF, then /proc/kcore. */
  readonly via?: Via
}

/** Opens the running kernel. Throws PermissionError or UnsupportedError that says what is missing. */
export function openLive(options: LiveOptions = {}): Kernel {
  const { via, memory } = openMemory(options.via)
  try {
    const types = readLiveTypes()
    const source = `the running kernel, through ${via === 'bpf' ? 'BPF' : '/proc/kcore'}`
    const common = { source, types, memory, symbols: readLiveSymbols, resources: memory }
    if (via === 'kcore') return new Kernel({ ...common, hints: liveHints() })
    const tasks = new TaskIterator(types)
    const space = new ObjectSpace(types, memory)
    const hints = { ...liveHints(), anyTask: () => anyTask(space, tasks) }
    return new Kernel({ ...common, hints, tasks })
  } catch (error) {
    memory[Symbol.dispose]()
    throw error
  }
}

/** The address of the first task that the iterator shows. */
function anyTask(space: ObjectSpace, tasks: TaskIterator): bigint {
  const columns = new Columns(space, space.struct('task_struct').type, [])
  for (const address of columns.addresses(tasks.firstRecords(columns))) return address
  throw new UnsupportedError('no task found', 'the BPF task iterator shows none')
}

function liveHints(): BootHints {
  const physical = vmcoreinfoPhysical()
  return {
    release: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim(),
    possibleCpus: parseCpuList(readFileSync('/sys/devices/system/cpu/possible', 'utf8')),
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
