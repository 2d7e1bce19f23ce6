import { hex } from '../bytes/hex.js'

/**
 * Per-process flags, `task->flags` (include/linux/sched.h), as of Linux 6.12. Bits that mean
 * something else, or nothing, on kernels from 5.10 on are marked; all others have not moved.
 */
export const PF = {
  PF_VCPU: 0x1,
  PF_IDLE: 0x2,
  PF_EXITING: 0x4,
  /** Linux 5.16. */
  PF_POSTCOREDUMP: 0x8,
  PF_IO_WORKER: 0x10,
  PF_WQ_WORKER: 0x20,
  PF_FORKNOEXEC: 0x40,
  PF_MCE_PROCESS: 0x80,
  PF_SUPERPRIV: 0x100,
  PF_DUMPCORE: 0x200,
  PF_SIGNALED: 0x400,
  PF_MEMALLOC: 0x800,
  PF_NPROC_EXCEEDED: 0x1000,
  PF_USED_MATH: 0x2000,
  /** Linux 6.4; PF_USED_ASYNC in 5.10, nothing in 6.1. */
  PF_USER_WORKER: 0x4000,
  PF_NOFREEZE: 0x8000,
  /** Linux 6.14 and stable releases of 6.12; PF_FROZEN in 5.10, nothing in 6.1. */
  PF_KCOMPACTD: 0x10000,
  PF_KSWAPD: 0x20000,
  PF_MEMALLOC_NOFS: 0x40000,
  PF_MEMALLOC_NOIO: 0x80000,
  PF_LOCAL_THROTTLE: 0x100000,
  PF_KTHREAD: 0x200000,
  PF_RANDOMIZE: 0x400000,
  /** PF_SWAPWRITE in 5.10. */
  PF_NO_NOTIFY_SIGNAL: 0x800000,
  PF_NO_SETAFFINITY: 0x4000000,
  PF_MCE_EARLY: 0x8000000,
  /** PF_MEMALLOC_NOCMA in 5.10. */
  PF_MEMALLOC_PIN: 0x10000000,
  /** Linux 6.9; PF_MUTEX_TESTER in 5.10, nothing in 6.1. */
  PF_BLOCK_TS: 0x20000000,
  PF_SUSPEND_TASK: 0x80000000,
} as const

export type PfFlag = keyof typeof PF

/** The names of the flags that are set; bits without a name come last, as one hexadecimal number. */
export function pfFlagNames(flags: number): string[] {
  const names: string[] = []
  let nameless = flags >>> 0
  for (const [name, bit] of Object.entries(PF)) {
    if ((flags & bit) === 0) continue
    names.push(name)
    nameless = (nameless & ~bit) >>> 0
  }
  if (nameless !== 0) names.push(hex(BigInt(nameless)))
  return names
}
