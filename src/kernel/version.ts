import type { Kernel } from './kernel.js'

/** `LINUX_VERSION_CODE >= KERNEL_VERSION(major, minor, 0)`, by what `uname -r` says. */
export function isLinux(kernel: Kernel, major: number, minor: number): boolean {
  const [, first, second] = /^(\d+)\.(\d+)/.exec(kernel.release) ?? []
  const has = Number(first)
  return has > major || (has === major && Number(second) >= minor)
}
