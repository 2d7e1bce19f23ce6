import type { Memory } from '../memory/memory.js'

/** A memory image: physical memory, and what the file says of itself. */
export interface Dump {
  /** Such as `ELF vmcore` or `kdump (zlib)`. */
  readonly format: string
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
  readonly cpus: readonly CpuState[]
  /** utsname as a kdump header has it. */
  readonly uts:
    | { readonly release: string; readonly version: string; readonly nodename: string }
    | undefined
  /** When it was dumped, in seconds since 1970, where the file tells. */
  readonly dumpedAt: number | undefined
  /** What of the image is missing, such as `the disk was full`; undefined if it is whole. */
  readonly incomplete: string | undefined
}

export interface PhysicalRange {
  readonly address: bigint
  readonly length: bigint
}

export interface LinearMapping {
  readonly virtual: bigint
  readonly physical: bigint
  readonly length: bigint
}

/** A CPU's registers, from the notes NT_PRSTATUS and QEMU. */
export interface CpuState {
  readonly cpu: number
  /** pr_pid: of the task that was current, where kdump wrote it; 0 in QEMU's notes. */
  readonly pid: number | undefined
  /** By the names that the kernel's struct user_regs_struct gives; cr3 and the like where QEMU tells them. */
  readonly registers: ReadonlyMap<string, bigint>
}
