import { NotFoundError, PermissionError, UnsupportedError } from '../errors.js'
import type { Kernel } from './kernel.js'

/**
 * The address of a variable of the kernel's image, or undefined where nothing tells it. VMCOREINFO
 * lists the few that crash dump tools need; kallsyms lists variables only if the kernel was built
 * with CONFIG_KALLSYMS_ALL.
 */
export function variableAddress(kernel: Kernel, name: string): bigint | undefined {
  return (
    unlessUnknown(() => kernel.vmcoreinfo.symbol(name)) ??
    unlessUnknown(() => kernel.symbols.find(name)?.address)
  )
}

function unlessUnknown<T>(find: () => T): T | undefined {
  try {
    return find()
  } catch (error) {
    const isUnknown =
      error instanceof UnsupportedError ||
      error instanceof PermissionError ||
      error instanceof NotFoundError
    if (isUnknown) return undefined
    throw error
  }
}
