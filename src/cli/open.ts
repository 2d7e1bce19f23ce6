import type { Btf } from '../btf/btf.js'
import { UnsupportedError } from '../errors.js'
import type { Kernel } from '../kernel/kernel.js'
import { openLive } from '../live/open_live.js'
import { readSymbols } from '../live/read_symbols.js'
import { readTypes } from '../live/read_types.js'
import type { Symbols } from '../symbols/symbols.js'
import { describeFact } from './facts.js'
import { liveRelease } from './live.js'
import type { GlobalOptions } from './options.js'
import { writeErr } from './stdio.js'

/** Opens the kernel that a command is to look into. */
export function openKernel(options: GlobalOptions): Kernel {
  refuseImage(options)
  const { via, debug } = options
  const kernel = openLive(via === undefined ? {} : { via })
  if (debug) for (const fact of kernel.facts()) writeErr(`ksight: ${describeFact(fact, options)}\n`)
  return kernel
}

/** The kernel's types alone, which take no right to read its memory. */
export function openTypes(options: GlobalOptions): Btf {
  refuseImage(options)
  return readTypes()
}

/** The kernel's symbols alone. */
export function openSymbols(options: GlobalOptions): Symbols {
  refuseImage(options)
  return readSymbols()
}

/** `uname -r` of the kernel. */
export function kernelRelease(options: GlobalOptions): string {
  refuseImage(options)
  return liveRelease()
}

function refuseImage({ c: image }: GlobalOptions): void {
  if (image === undefined) return
  throw new UnsupportedError(
    `cannot open ${image}`,
    'this version of ksight does not read memory images',
    'leave out -c to look into the running kernel',
  )
}
