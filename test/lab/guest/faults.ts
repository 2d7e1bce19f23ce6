// Reads ranges that are not wholly mapped, by each way, and prints the address that each fault names.
import { FaultError } from '../../../src/errors.js'
import { openKernel } from '../../../src/index.js'
import type { Kernel } from '../../../src/kernel/kernel.js'
import { VIAS } from '../../../src/live/open_memory.js'
import { readBytes } from '../../../src/memory/memory.js'

using kernel = openKernel()
const stackEnd = kernel.findTask(1)!.stack.$address + BigInt(kernel.threadSize)
const ranges = {
  'first page': 0x10n,
  'not canonical': 1n << 60n,
  'below the direct map': kernel.pageOffset - 8n,
  'above the RAM': kernel.pageOffset + (1n << 36n),
  'last page': 0xfffffffffffff000n,
  'behind a kernel stack': stackEnd - 8n,
}
const faults = VIAS.map((via) => [via, faultsThrough(openKernel({ via }))] as const)
console.log(JSON.stringify({ stackEnd: `${stackEnd}`, ...Object.fromEntries(faults) }))

function faultsThrough(kernel: Kernel) {
  return Object.fromEntries(
    Object.entries(ranges).map(([name, address]) => [name, faultAt(kernel, address)]),
  )
}

function faultAt(kernel: Kernel, address: bigint): string {
  try {
    const bytes = readBytes(kernel.uncached, address, 16)
    return bytes.subarray(8).every((byte) => byte === 0) ? 'zeros' : 'other bytes'
  } catch (error) {
    if (error instanceof FaultError) return `${error.address}`
    throw error
  }
}
