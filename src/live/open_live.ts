import { existsSync, readFileSync } from 'node:fs'
import { Btf } from '../btf/btf.js'
import { UnsupportedError } from '../errors.js'
import { Columns } from '../kernel/columns.js'
import { type BootHints, Kernel } from '../kernel/kernel.js'
import { readSysfs } from '../linux/sysfs.js'
import { ObjectSpace } from '../object/space.js'
import { moduleAreas } from '../symbols/areas.js'
import { parseKallsyms } from '../symbols/kallsyms_text.js'
import { Symbols } from '../symbols/symbols.js'
import { parseCpuList } from './cpu_list.js'
import { openMemory, type Via } from './open_memory.js'
import { TaskIterator } from './task_iterator.js'

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
    const source = `the running kernel, through ${via === 'bpf' ? 'BPF' : '/proc/kcore'}`
    const common = { source, types, memory, symbols: readSymbols, resources: memory }
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

/** Symbols of the kernel and its modules. Throws PermissionError where their addresses are hidden. */
function readSymbols(): Symbols {
  const table = parseKallsyms(readFileSync('/proc/kallsyms'))
  return new Symbols(table, moduleAreas(readModules()))
}

/** A kernel without CONFIG_MODULES has no such file. */
function readModules(): string {
  return existsSync('/proc/modules') ? readFileSync('/proc/modules', 'utf8') : ''
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
