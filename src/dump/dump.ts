import type { CpuState, ImageFacts } from '../kernel/image_facts.js'
import type { Memory } from '../memory/memory.js'

/** A memory image: physical memory, and what the file says of itself. */
export interface Dump extends ImageFacts {
  /** What the file says the machine is, as uname(2) names it; a raw file says nothing. */
  readonly machine: string | undefined
  /** Reads by physical address; a page that the file has not got is a fault that says why. */
  readonly physical: Memory
  /** Where RAM is, as far as the file tells, in ascending order. */
  readonly ranges: readonly PhysicalRange[]
  /** Virtual addresses that the file gives for ranges of physical memory: the kernel's image and direct map. */
  readonly mappings: readonly LinearMapping[]
  /** The text of VMCOREINFO, where the file has it. */
  readonly vmcoreinfo: string | undefined
  /** utsname as a kdump header has it. */
  readonly uts:
    | { readonly release: string; readonly version: string; readonly nodename: string }
    | undefined
}

export type { CpuState }

/** Of an image whose format tells nothing but where RAM is. */
export const NOTHING_ELSE = {
  machine: undefined,
  mappings: [],
  vmcoreinfo: undefined,
  cpus: [],
  uts: undefined,
  dumpedAt: undefined,
} as const

export interface PhysicalRange {
  readonly address: bigint
  readonly length: bigint
}

export interface LinearMapping {
  readonly virtual: bigint
  readonly physical: bigint
  readonly length: bigint
}
