import type { Kernel } from './kernel.js'
import { PF_KTHREAD } from './pf_flags.js'
export const isKthreadFlags = (flags: number, mm: unknown) =>
  (flags & PF_KTHREAD) !== 0 && mm === 0n
export function procTaskNames(_kernel: Kernel, rows: readonly { comm: unknown }[]): string[] {
  return rows.map((row) => String(row.comm))
}
