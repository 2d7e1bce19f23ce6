import { hex } from '../bytes/hex.js'
import type { Symbols } from '../symbols/symbols.js'

/** A place in a function of the kernel. */
export interface KernelFunction {
  readonly name: string
  /** Bytes from its start. */
  readonly offset: number
  readonly size: number
  /** As {@link KernelSymbol} has it. */
  readonly module: string | undefined
}

/**
 * The function of a frame, as /proc/PID/stack names it. A call may be the last thing in a function, so
 * that what follows is the next one: the address before is looked up. Mirrors `sprint_backtrace()`, but
 * for an address that is not one behind a call (`exact`).
 */
export function kernelFunctionAt(
  symbols: Symbols,
  ip: bigint,
  exact: boolean,
): KernelFunction | undefined {
  const before = exact ? 0 : 1
  const nearest = symbols.nearest(ip - BigInt(before))
  if (nearest === undefined) return undefined
  const { symbol, offset } = nearest
  const size = symbols.sizeAt(ip - BigInt(before))!
  return { name: symbol.name, offset: offset + before, size, module: symbol.module }
}

/** As the kernel writes it: `function+0xoff/0xsize [module]`. */
export function kernelFunctionText({ name, offset, size, module }: KernelFunction): string {
  const where = module === undefined ? '' : ` [${module}]`
  return `${name}+${hex(offset)}/${hex(size)}${where}`
}
