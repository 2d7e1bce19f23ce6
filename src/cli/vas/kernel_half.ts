import { UnsupportedError } from '../../errors.js'
import type { Kernel } from '../../kernel/kernel.js'
import { kernelLayout } from '../../kernel/layout/kernel_layout.js'
import type { KernelPart } from './part.js'

/** The regions of the kernel's own half of the addresses, in ascending order. */
export function kernelHalf(kernel: Kernel): KernelPart[] {
  try {
    return kernelLayout(kernel)
      .filter(({ kind }) => kind === 'kernel')
      .map(({ name, start, end }) => ({ type: 'kernel', name, start, end }))
  } catch (error) {
    if (error instanceof UnsupportedError) return []
    throw error
  }
}
