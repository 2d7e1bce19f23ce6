import type { UntypedView } from '../object/kernel_types.js'

/** A way to the memory of processes, in which addresses mean what they mean to the process. */
export interface UserMemory {
  /**
   * Fills `into` from `address` on, and gives the number of bytes that could be read from the start:
   * fewer where a page is not mapped, 0 if the process is gone. Throws {@link PermissionError}; and
   * {@link FaultError} if already the first page is one that the process has and an image has not,
   * such as one in swap.
   */
  read(task: UntypedView, address: bigint, into: Uint8Array): number
}
