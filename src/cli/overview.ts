import type { PointerMode } from './render/pointers.js'
import type { Counts } from './task_counts.js'

/** What kernel this is, and what it does at the moment. */
export interface Overview {
  /** As uname(2) has them. */
  readonly release: string
  readonly version: string
  readonly machine: string
  readonly nodename: string
  /** How its memory is read. */
  readonly source: string
  /** Seconds since it was started. */
  readonly uptime: number
  /** When it was started, as ISO 8601. */
  readonly bootTime: string
  /** Null for a kernel that lives. */
  /** Null for the running kernel. */
  readonly image: ShownImage | null
  readonly died: ShownDeath | null
  readonly counts: Counts
  readonly cpus: readonly Cpu[]
  /** How kernel addresses are shown. */
  readonly pointers: PointerMode
  /** Why it is not known, in its place. */
  readonly addressSpace: ShownAddressSpace | { readonly unknown: string }
}

export interface ShownImage {
  readonly format: string
  /** When the memory was as it is in the image, as ISO 8601. */
  readonly dumped: string
  /** What is missing of it. */
  readonly incomplete: string | null
}

export interface Cpu {
  readonly cpu: number
  readonly current: ShownTask
  readonly idle: ShownTask
  /** What it was executing, such as `vfs_read+0x10`; null where its registers are not known. */
  readonly ip: string | null
  /** By name, as the image has them; null for the running kernel. */
  readonly registers: Readonly<Record<string, string>> | null
}

export interface ShownDeath {
  /** What the kernel said when it panicked; null if it did not. */
  readonly panic: string | null
  /** What went wrong before that, and where. */
  readonly cause: string | null
  readonly oops: string | null
  readonly ip: string | null
  /** As ISO 8601. */
  readonly time: string | null
  readonly cpu: number | null
  readonly pid: number | null
  readonly comm: string | null
  readonly taint: readonly { readonly letter: string; readonly meaning: string }[] | null
  readonly callTrace: readonly string[]
  /** What could not be found out, and why. */
  readonly unknown: readonly string[]
  /** The last messages of the kernel log. */
  readonly log: readonly string[]
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
