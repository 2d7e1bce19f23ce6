/** What the file of a memory image says of the kernel in it. */
export interface ImageFacts {
  /** Such as `ELF vmcore` or `kdump (zlib)`. */
  readonly format: string
  readonly cpus: readonly CpuState[]
  /** When it was dumped, in seconds since 1970, where the file tells. */
  readonly dumpedAt: number | undefined
  /** What of the image is missing, such as `the disk was full`; undefined if it is whole. */
  readonly incomplete: string | undefined
}

/** A CPU's registers, from the notes NT_PRSTATUS and QEMU. */
export interface CpuState {
  readonly cpu: number
  /** pr_pid: of the task that was current, where kdump wrote it; 0 in QEMU's notes. */
  readonly pid: number | undefined
  /** By the names that the kernel's struct user_regs_struct gives; cr3 and the like where QEMU tells them. */
  readonly registers: ReadonlyMap<string, bigint>
}
