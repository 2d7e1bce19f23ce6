import { hex } from '../bytes/hex.js'
import { InconsistentError } from '../errors.js'
import type { UntypedView } from './kernel_types.js'

/**
 * The struct that a pointer member leads to, where the kernel never leaves the pointer NULL: else
 * what was read is no such struct (any more), and {@link InconsistentError} says so.
 */
export function deref(view: UntypedView, member: string): UntypedView {
  const target: UntypedView | null = view[member]
  if (target !== null) return target
  throw new InconsistentError(
    `what should be a ${view.$type.name} at ${hex(view.$address)} is none`,
    `its ${member} is NULL`,
    'it was freed meanwhile, or memory is damaged; read it again',
  )
}
