import type { Kernel } from '../kernel/kernel.js'
import { readBytes } from '../memory/memory.js'
import type { UntypedView } from '../object/kernel_types.js'

/** A view of the same struct as it is now, whatever is remembered of it. Throws {@link FaultError}. */
export function freshCopy(kernel: Kernel, { $type, $address }: UntypedView): UntypedView {
  const bytes = readBytes(kernel.uncached, $address, $type.size)
  return kernel.space.classOf($type).at($address, bytes) as UntypedView
}
