import { createRequire } from 'node:module'
import { type ImageOptions, openImage } from './files/open_image.js'
import type { Kernel } from './kernel/kernel.js'
import type { LiveOptions } from './live/open_live.js'
import type { ThreadStacks } from './unwind/thread_stack.js'

/**
 * Opens the running kernel, or the kernel in a memory image: its file, or all files of one that was
 * split. An image can be opened on any system, with no right but to read the file.
 */
export function openKernel(options?: LiveOptions): Kernel
export function openKernel(image: string | readonly string[], options?: ImageOptions): Kernel
export function openKernel(
  where: LiveOptions | string | readonly string[] = {},
  options: ImageOptions = {},
): Kernel {
  if (typeof where === 'string') return openImage([where], options)
  return isFiles(where) ? openImage(where, options) : live().openLive(where)
}

function isFiles(where: LiveOptions | readonly string[]): where is readonly string[] {
  return Array.isArray(where)
}

/**
 * What looks into the running kernel (package.json tells where it is). It is loaded when it is needed:
 * images need nothing of it, and can be opened where it does not exist.
 */
export function live(): typeof import('./live/open_live.js') {
  return createRequire(import.meta.url)('#live')
}

/**
 * What takes both stacks of threads of the running kernel, and stops none of them. It needs CAP_BPF and
 * CAP_PERFMON, and CAP_SYS_PTRACE for user stacks of others. What it reads of programs' files it keeps:
 * the second time it is much quicker. Throws {@link UnsupportedError} for the kernel of an image.
 */
export function openStacks(kernel: Kernel): ThreadStacks {
  return new (live().LiveStacks)(kernel)
}
