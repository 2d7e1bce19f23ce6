import { KsightError } from '../../errors.js'
import type { Kernel } from '../../kernel/kernel.js'
import type { ShowPointer } from '../render/pointers.js'
import { isKernelAddress, type Value } from './value.js'

/** How addresses within values are shown. */
export interface Showing {
  readonly pointer: ShowPointer
  /** What lies at an address, such as `do_exit+0x10`; undefined where no symbol says. */
  readonly symbol: (address: bigint) => string | undefined
}

/**
 * Names addresses by the symbols that start there. Without symbols, for want of the right to see
 * them, nothing has a name.
 */
export function symbolNamer(kernel: Kernel): Showing['symbol'] {
  let symbols: Kernel['symbols'] | undefined | null
  return (address) => {
    if (symbols === undefined) symbols = symbolsOrNull(kernel)
    const found = symbols?.nearest(address)
    if (found === undefined) return undefined
    const { symbol, offset } = found
    return offset === 0 ? symbol.name : `${symbol.name}+0x${offset.toString(16)}`
  }
}

function symbolsOrNull(kernel: Kernel): Kernel['symbols'] | null {
  try {
    return kernel.symbols
  } catch (error) {
    if (error instanceof KsightError) return null
    throw error
  }
}

/**
 * The address that a number is, for a number may well be one: `thread.sp` is an unsigned long, and
 * as much of a secret as a pointer.
 */
export function addressIn(value: Value): bigint | undefined {
  if (value.kind === 'pointer') return value.address
  if (value.kind !== 'number' || typeof value.value !== 'bigint') return undefined
  return isKernelAddress(value.value) && value.type?.size === 8 ? value.value : undefined
}
