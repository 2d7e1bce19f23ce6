import { UnsupportedError } from '../errors.js'
import type { Kernel } from '../kernel/kernel.js'
import { openLive } from '../live/open_live.js'
import { describeFact } from './facts.js'
import type { GlobalOptions } from './options.js'
import { writeErr } from './stdio.js'

/** Opens the kernel that a command is to look into. */
export function openKernel(options: GlobalOptions): Kernel {
  const { c: image, via, debug } = options
  if (image !== undefined) {
    throw new UnsupportedError(
      `cannot open ${image}`,
      'this version of ksight does not read memory images',
      'leave out -c to look into the running kernel',
    )
  }
  const kernel = openLive(via === undefined ? {} : { via })
  if (debug) for (const fact of kernel.facts()) writeErr(`ksight: ${describeFact(fact, options)}\n`)
  return kernel
}
