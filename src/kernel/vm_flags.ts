import { hex } from '../bytes/hex.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { isLinux } from './version.js'

/** Flags of a mapping, `vma->vm_flags` (include/linux/mm.h), that have not moved since Linux 5.10. */
export const VM = {
  VM_READ: 1n << 0n,
  VM_WRITE: 1n << 1n,
  VM_EXEC: 1n << 2n,
  VM_SHARED: 1n << 3n,
  VM_MAYREAD: 1n << 4n,
  VM_MAYWRITE: 1n << 5n,
  VM_MAYEXEC: 1n << 6n,
  VM_MAYSHARE: 1n << 7n,
  VM_GROWSDOWN: 1n << 8n,
  VM_UFFD_MISSING: 1n << 9n,
  VM_PFNMAP: 1n << 10n,
  /** Linux 6.19; VM_DENYWRITE until 5.14. */
  VM_MAYBE_GUARD: 1n << 11n,
  VM_UFFD_WP: 1n << 12n,
  VM_LOCKED: 1n << 13n,
  VM_IO: 1n << 14n,
  VM_SEQ_READ: 1n << 15n,
  VM_RAND_READ: 1n << 16n,
  VM_DONTCOPY: 1n << 17n,
  VM_DONTEXPAND: 1n << 18n,
  VM_LOCKONFAULT: 1n << 19n,
  VM_ACCOUNT: 1n << 20n,
  VM_NORESERVE: 1n << 21n,
  VM_HUGETLB: 1n << 22n,
  VM_SYNC: 1n << 23n,
  /** VM_PAT on x86, VM_ARM64_BTI on arm64. */
  VM_ARCH_1: 1n << 24n,
  VM_WIPEONFORK: 1n << 25n,
  VM_DONTDUMP: 1n << 26n,
  VM_SOFTDIRTY: 1n << 27n,
  VM_MIXEDMAP: 1n << 28n,
  VM_HUGEPAGE: 1n << 29n,
  VM_NOHUGEPAGE: 1n << 30n,
  VM_MERGEABLE: 1n << 31n,
  /** The protection key on x86, four bits. */
  VM_PKEY_BIT0: 1n << 32n,
  VM_PKEY_BIT1: 1n << 33n,
  VM_PKEY_BIT2: 1n << 34n,
  VM_PKEY_BIT3: 1n << 35n,
  VM_HIGH_ARCH_4: 1n << 36n,
  /** Linux 6.10. */
  VM_ALLOW_ANY_UNCACHED: 1n << 39n,
  /** Linux 6.11. */
  VM_DROPPABLE: 1n << 40n,
} as const

/** `vma->vm_flags`; a constant that only `vm_flags_set()` changes since Linux 6.3 (bc292ab00f6c). */
export function vmFlags(vma: UntypedView): bigint {
  return vma.vm_flags
}

/** The names of the flags that are set; bits without a name come last, as one hexadecimal number. */
export function vmFlagNames(kernel: Kernel, flags: bigint): string[] {
  const names: string[] = []
  let nameless = flags
  for (const [name, bit] of [...Object.entries(VM), ...movedFlags(kernel)]) {
    if ((flags & bit) === 0n) continue
    names.push(name)
    nameless &= ~bit
  }
  if (nameless !== 0n) names.push(hex(nameless))
  return names
}

/**
 * VM_UFFD_MINOR is bit 37 since Linux 5.13, 38 since 6.6 (fb47a799cc5c, which made 37
 * VM_SHADOW_STACK), 41 since 6.13; VM_SEALED is bit 63 since 6.10, later 42.
 */
function movedFlags(kernel: Kernel): [name: string, bit: bigint][] {
  const minor = isLinux(kernel, 6, 13) ? 41n : isLinux(kernel, 6, 6) ? 38n : 37n
  const shadowStack: [string, bigint][] = minor === 37n ? [] : [['VM_SHADOW_STACK', 1n << 37n]]
  return [
    ...shadowStack,
    ['VM_UFFD_MINOR', 1n << minor],
    ['VM_SEALED', 1n << 42n],
    ['VM_SEALED', 1n << 63n],
  ]
}

/** `r-xp`, as /proc/PID/maps shows the permissions; `s` is for what is, or may become, shared. */
export function vmPermissions(flags: bigint): string {
  const letter = (bit: bigint, set: string, clear: string) => ((flags & bit) === 0n ? clear : set)
  return (
    letter(VM.VM_READ, 'r', '-') +
    letter(VM.VM_WRITE, 'w', '-') +
    letter(VM.VM_EXEC, 'x', '-') +
    letter(VM.VM_MAYSHARE, 's', 'p')
  )
}
