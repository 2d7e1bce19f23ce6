import { readBytes } from '../../memory/memory.js'
import type { Kernel } from '../kernel.js'
import { variableAddress } from '../variable.js'

/** An address that had to be found out, and where it is from. */
export interface Base {
  readonly address: bigint
  readonly how: string
}

/** The value of a pointer-sized variable of the kernel, if its symbol is known. */
export function variableBase(kernel: Kernel, name: string): Base | undefined {
  const address = variableAddress(kernel, name)
  return address === undefined
    ? undefined
    : { address: readWord(kernel, address), how: `variable ${name}` }
}

export function readWord(kernel: Kernel, address: bigint): bigint {
  const bytes = readBytes(kernel.memory, address, 8)
  return new DataView(bytes.buffer).getBigUint64(0, kernel.types.littleEndian)
}
