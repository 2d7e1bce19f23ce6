import type { PointerMode } from './render/pointers.js'
import type { Counts } from './task_counts.js'

/** What kernel this is, and what it does at the moment. */
export interface Overview {
  /** As uname(2) has them. */
  readonly release: string
  readonly version: string
  readonly machine: string
  /** How its memory is read. */
  readonly source: string
  /** Seconds since it was started. */
  readonly uptime: number
  /** When it was started, as ISO 8601. */
  readonly bootTime: string
  readonly counts: Counts
  readonly cpus: readonly Cpu[]
  /** How kernel addresses are shown. */
  readonly pointers: PointerMode
  /** Why it is not known, in its place. */
  readonly addressSpace: ShownAddressSpace | { readonly unknown: string }
}

export interface Cpu {
  readonly cpu: number
  readonly current: ShownTask
  readonly idle: ShownTask
}

export interface ShownTask {
  readonly pid: number
  readonly comm: string
  readonly kernelThread: boolean
  readonly task: string
}

export interface ShownAddressSpace {
  readonly user: { readonly first: string; readonly last: string }
  readonly kernel: { readonly first: string; readonly last: string }
  readonly pageOffset: string
  readonly text: string | null
  readonly kaslrOffset: string
}
