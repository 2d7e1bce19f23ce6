import { hex } from '../bytes/hex.js'
import type { SwapEntry } from '../kernel/swap_entry.js'
import { VM } from '../kernel/vm_flags.js'
import { whyNot } from '../memory/paging/walk.js'
import type { Translation } from './translation.js'

const ACCESS = VM.VM_READ | VM.VM_WRITE | VM.VM_EXEC

/** What the outcome of a translation means, in a sentence; undefined where the page speaks for itself. */
export function explain(translation: Translation): string | undefined {
  const { walk, owner, half } = translation
  if (half === 'hole') return explainHole(translation)
  if (walk === undefined) return explainThread(owner!)
  switch (walk.end.kind) {
    case 'page':
      return explainPage(translation, walk.end.accessible)
    case 'not present':
      return explainMissing(translation)
    default:
      return whyNot(walk.end, walk.mode)
  }
}

function explainHole({ address, mode }: Translation): string {
  const { signBit } = mode.canonical
  const end = 1n << BigInt(signBit)
  const rule = `bits 63 to ${signBit} must be alike`
  const note = address === end ? 'the first address behind the user half: ' : ''
  const below =
    address === (1n << 64n) - end - 1n ? 'the last address before the kernel half: ' : ''
  return `${note}${below}not canonical (${rule}), so no table translates it, and an access is a general protection fault, not a page fault`
}

function explainThread({
  pid,
  comm,
  kernelThread,
  borrowed,
}: NonNullable<Translation['owner']>): string {
  const what = `${pid} (${comm})`
  if (!kernelThread) return `${what} has exited: it has no mm any more`
  const none = `${what} is a kernel thread: it has no mm, and no user addresses`
  if (borrowed === undefined) return `${none}; it borrows no active_mm now`
  return `${none}; it borrows the active_mm of ${borrowed.from ?? 'a process that is gone'}`
}

function explainPage(translation: Translation, accessible: boolean): string | undefined {
  const { vma, page } = translation
  if (!accessible) {
    if (vma !== undefined && (vma.flags & ACCESS) !== 0n) {
      return 'the page is kept without access, so that NUMA balancing sees the next one'
    }
    return 'the page is kept, but no access is allowed (PROT_NONE)'
  }
  if (page === 'none') {
    return 'a page frame without a struct page: memory of a device, which nobody counts (PFN mapping)'
  }
  if (typeof page !== 'object' || 'unknown' in page) return undefined
  if (page.owner.kind === 'zero page') {
    return 'the zero page: what was only read so far; the first write gives it a page of its own'
  }
  if (page.owner.kind === 'huge zero page') {
    return 'the huge zero page: what was only read so far; a write gives it pages of its own'
  }
  return undefined
}

function explainMissing(translation: Translation): string {
  const { swap, half } = translation
  if (swap !== undefined) return explainSwap(swap)
  return half === 'lower' ? explainUser(translation) : explainKernel(translation)
}

function explainUser({ vma, nextVma }: Translation): string {
  if (vma === undefined) {
    const next =
      nextVma === undefined ? 'none follows' : `the next one begins at ${hex(nextVma.start)}`
    return `no mapping is here (${next}): an access is a segmentation fault`
  }
  if ((vma.flags & ACCESS) === 0n) {
    return 'its mapping allows no access (PROT_NONE), a guard page or reserved addresses: nothing is mapped'
  }
  return 'never touched, or taken away again: the next access brings a page in'
}

function explainKernel({ place }: Translation): string {
  if (place?.vmapArea !== undefined) {
    return 'a page of its area that is not mapped: the guard page behind it, mostly'
  }
  return 'nothing is mapped here'
}

function explainSwap(swap: SwapEntry): string {
  switch (swap.kind) {
    case 'swap':
      return `swapped out: area ${swap.type}, page ${swap.offset} of it${bitsOf(swap)}`
    case 'marker':
      return `a marker: ${swap.markers.join(', ') || 'of a kind that is not known'}${bitsOf(swap)}${markerMeaning(swap.markers)}`
    case 'unknown':
      return 'an entry whose encoding is not known: swap, migration or the like'
    default:
      return `${swap.kind}${swap.access ? `, ${swap.access}` : ''}: page frame ${hex(swap.pfn)}${bitsOf(swap)}`
  }
}

function markerMeaning(markers: readonly string[]): string {
  if (markers.includes('guard'))
    return '; a guard region (MADV_GUARD_INSTALL), an access is a segmentation fault'
  if (markers.includes('poisoned') || markers.includes('swapin-error'))
    return '; an access is a bus error'
  return ''
}

function bitsOf({ softDirty, uffdWp, exclusive }: Exclude<SwapEntry, { kind: 'unknown' }>): string {
  const names = [
    ...(softDirty ? ['soft-dirty'] : []),
    ...(uffdWp ? ['uffd-wp'] : []),
    ...(exclusive ? ['exclusive'] : []),
  ]
  return names.length === 0 ? '' : ` (${names.join(', ')})`
}
