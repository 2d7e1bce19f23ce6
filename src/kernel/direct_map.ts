import { FaultError } from '../errors.js'
import type { Memory, Range } from '../memory/memory.js'

/**
 * Physical memory as a running kernel shows it: its direct map has physical address 0 at PAGE_OFFSET
 * (`__va()` of x86-64). What is no RAM is not mapped there, nor is what the kernel hides from itself.
 */
export class DirectMap implements Memory {
  constructor(
    private readonly memory: Memory,
    private readonly pageOffset: bigint,
  ) {}

  read(address: bigint, into: Uint8Array): void {
    try {
      this.memory.read(this.pageOffset + address, into)
    } catch (error) {
      throw error instanceof FaultError ? this.physical(error) : error
    }
  }

  gather(ranges: readonly Range[]): (Uint8Array | FaultError)[] {
    const virtual = ranges.map(({ address, length }) => {
      return { address: this.pageOffset + address, length }
    })
    return this.memory.gather(virtual).map((found) => {
      return found instanceof FaultError ? this.physical(found) : found
    })
  }

  private physical({ address, why, todo }: FaultError): FaultError {
    return new FaultError(
      address - this.pageOffset,
      `the direct map does not show it: ${why}`,
      todo,
    )
  }
}
