import { FaultError } from '../../../src/errors.js'
import type { Kernel } from '../../../src/kernel/kernel.js'
import { readBytes } from '../../../src/memory/memory.js'

/** Reads 16 bytes that are not wholly mapped, in some places, and gives what the fault names. */
export function findFaults(kernel: Kernel) {
  const stackEnd = kernel.findTask(1)!.stack.$address + BigInt(kernel.threadSize)
  return {
    stackEnd,
    behindStack: faultAt(kernel, stackEnd - 8n),
    firstPage: faultAt(kernel, 0x10n),
    notCanonical: faultAt(kernel, 1n << 60n),
    belowDirectMap: faultAt(kernel, kernel.pageOffset - 8n),
    aboveRam: faultAt(kernel, kernel.pageOffset + (1n << 36n)),
    lastPage: faultAt(kernel, 0xfffffffffffff000n),
  }
}

function faultAt(kernel: Kernel, address: bigint): bigint | string {
  try {
    const bytes = readBytes(kernel.uncached, address, 16)
    return bytes.subarray(8).every((byte) => byte === 0) ? 'zeros' : 'other bytes'
  } catch (error) {
    if (error instanceof FaultError) return error.address
    throw error
  }
}
