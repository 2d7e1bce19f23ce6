import { FaultError } from '../errors.js'
import { type Memory, type Range, readOrFault } from '../memory/memory.js'

/** Physical memory of an image: the contract of {@link Memory} on top of reads of parts. */
export abstract class PhysicalMemory implements Memory {
  /**
   * Fills at least the first byte of `into` from `address` on, and gives how many bytes it filled.
   * Throws {@link FaultError} where the image has nothing of the address.
   */
  protected abstract readPart(address: number, into: Uint8Array): number

  read(address: bigint, into: Uint8Array): void {
    let done = 0
    while (done < into.length) {
      const at = address + BigInt(done)
      // No machine has more than 52 bits of physical addresses.
      if (at < 0n || at > MAX_ADDRESS) throw new FaultError(at, 'there is no such physical address')
      done += this.readPart(Number(at), into.subarray(done))
    }
  }

  gather(ranges: readonly Range[]): (Uint8Array | FaultError)[] {
    return ranges.map((range) => readOrFault(this, range))
  }
}

/** The greatest physical address; numbers up to it are exact. */
export const MAX_ADDRESS = 2n ** 52n - 1n
