import { UsageError } from '../errors.js'
import type { Memory } from '../memory/memory.js'
import { BpfMemory } from './bpf_memory.js'

/** The ways to read the running kernel's memory. */
export const VIAS = ['bpf', 'kcore'] as const
export type Via = (typeof VIAS)[number]

export interface LiveMemory {
  readonly memory: Memory
  readonly source: string
  readonly resources: Disposable
}

export function openMemory(via?: Via): LiveMemory {
  if (via === 'kcore') throw new UsageError('kcore', 'soon')
  const memory = new BpfMemory()
  return { memory, source: 'the running kernel, through BPF', resources: memory }
}
