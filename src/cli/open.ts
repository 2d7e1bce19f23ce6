import type { Btf } from '../btf/btf.js'
import { UsageError } from '../errors.js'
import type { ImageOptions } from '../files/open_image.js'
import type { Kernel } from '../kernel/kernel.js'
import { live, openKernel as open } from '../open_kernel.js'
import type { Symbols } from '../symbols/symbols.js'
import { describeFact } from './facts.js'
import { liveRelease } from './live.js'
import type { GlobalOptions } from './options.js'
import { writeErr } from './stdio.js'

/** Opens the kernel that a command is to look into. */
export function openKernel(options: GlobalOptions): Kernel {
  checkUsage(options)
  const { c: image, via, debug } = options
  const kernel = image === undefined ? open({ ...(via && { via }) }) : open(image, help(options))
  warnOfGaps(kernel)
  if (debug) for (const fact of kernel.facts()) writeErr(`ksight: ${describeFact(fact, options)}\n`)
  return kernel
}

/** What is shown of an image that is not whole may not be all there was. */
function warnOfGaps({ image, source }: Kernel): void {
  if (image?.incomplete === undefined) return
  writeErr(`ksight: ${source} is not complete: ${image.incomplete}\n`)
}

/** The kernel's types alone, which on the running kernel take no right to read its memory. */
export function openTypes(options: GlobalOptions): Btf {
  return options.c === undefined ? live().readTypes() : openKernel(options).types
}

/** The kernel's symbols alone. */
export function openSymbols(options: GlobalOptions): Symbols {
  return options.c === undefined ? live().readSymbols() : openKernel(options).symbols
}

/** `uname -r` of the kernel. */
export function kernelRelease(options: GlobalOptions): string {
  return options.c === undefined ? liveRelease() : openKernel(options).release
}

function help({ vmlinux, systemMap, btf }: GlobalOptions): ImageOptions {
  return { ...(vmlinux && { vmlinux }), ...(systemMap && { systemMap }), ...(btf && { btf }) }
}

function checkUsage({ c, via, vmlinux, systemMap, btf }: GlobalOptions): void {
  if (c !== undefined) {
    if (via !== undefined) throw new UsageError('--via with -c', 'an image is read from its file')
    return
  }
  const [option] =
    Object.entries({ vmlinux, 'system-map': systemMap, btf }).find(([, v]) => v) ?? []
  if (option !== undefined) throw new UsageError(`--${option} without -c`, 'it helps with an image')
}
