import { KsightError, PermissionError, UnsupportedError } from '../errors.js'
import type { Memory } from '../memory/memory.js'
import { BpfMemory } from './bpf_memory.js'
import { KcoreMemory } from './kcore_memory.js'

/** The ways to read the running kernel's memory, the preferred one first. */
export const VIAS = ['bpf', 'kcore'] as const
export type Via = (typeof VIAS)[number]

export interface LiveMemory {
  readonly via: Via
  readonly memory: Memory & Disposable
}

/** Opens the running kernel's memory by one way, or by the first that works. */
export function openMemory(via?: Via): LiveMemory {
  if (process.platform !== 'linux') {
    throw new UnsupportedError(
      'cannot read the running kernel',
      `this system is ${process.platform}, not Linux`,
      'open a memory image with -c FILE',
    )
  }
  if (via !== undefined) return openBy(via)
  try {
    return openBy('bpf')
  } catch (bpf) {
    return openByKcoreAfter(bpf)
  }
}

function openBy(via: Via): LiveMemory {
  return { via, memory: via === 'bpf' ? new BpfMemory() : new KcoreMemory() }
}

/** Where the second way fails too, one line tells what would have made either work. */
function openByKcoreAfter(bpf: unknown): LiveMemory {
  if (!(bpf instanceof KsightError)) throw bpf
  try {
    return openBy('kcore')
  } catch (kcore) {
    if (!(kcore instanceof KsightError)) throw kcore
    throw cannotRead(bpf, kcore)
  }
}

function cannotRead(bpf: KsightError, kcore: KsightError): KsightError {
  if (!(bpf instanceof PermissionError)) return bpf
  // Where there is no /proc/kcore, only BPF is worth talking of.
  const why = kcore instanceof PermissionError ? `${bpf.why}; or CAP_SYS_RAWIO` : bpf.why
  return new PermissionError('cannot read kernel memory', why, bpf.todo)
}
