import type { Struct, UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { linkedVmas } from './linked_vmas.js'
import { type MapleRange, maplePieces, ULONG_MAX } from './maple_tree.js'

/**
 * `for_each_vma(vmi, vma)`: the mappings of an address space in ascending order, as they are now. Each
 * holds a copy of its struct. They are in a maple tree since Linux 6.1 (commit 763ecb035029), before
 * on a list. `first` and `last` are addresses, both included.
 *
 * The mappings of a process that runs meanwhile are true in pieces, as those that the kernel itself
 * shows in /proc/PID/maps; see {@link maplePieces}.
 */
export function* forEachVma(
  kernel: Kernel,
  mm: UntypedView,
  first = 0n,
  last = ULONG_MAX,
): Generator<Struct<'vm_area_struct'>> {
  for (const vmas of vmaPieces(kernel, mm, (vmas) => vmas, first, last)) yield* vmas
}

/**
 * The mappings in pieces, which `look` makes something of while they are there: it may follow what they
 * hold, such as files. It gives undefined if what it found cannot be theirs; see {@link maplePieces}.
 */
export function* vmaPieces<T>(
  kernel: Kernel,
  mm: UntypedView,
  look: (vmas: Struct<'vm_area_struct'>[]) => T | undefined,
  first = 0n,
  last = ULONG_MAX,
): Generator<T> {
  if (!mm.$has('mm_mt')) {
    const seen = look([...linkedVmas(kernel, mm, first, last)])
    if (seen !== undefined) yield seen
    return
  }
  yield* maplePieces(kernel, mm.$addressOf('mm_mt'), first, last, (ranges) => {
    const vmas = vmasAt(kernel, mm, ranges)
    return vmas && look(vmas)
  })
}

/** The mappings behind these entries; undefined if one is no mapping of this range (any more). */
function vmasAt(
  kernel: Kernel,
  mm: UntypedView,
  ranges: readonly MapleRange[],
): UntypedView[] | undefined {
  const { type } = kernel.space.struct('vm_area_struct')
  const { at } = kernel.space.classOf(type)
  const read = kernel.uncached.gather(
    ranges.map(({ entry }) => ({ address: entry, length: type.size })),
  )
  const vmas: UntypedView[] = []
  for (const [i, { first, last, entry }] of ranges.entries()) {
    const bytes = read[i]!
    if (!(bytes instanceof Uint8Array)) throw bytes
    const vma = at(entry, bytes) as UntypedView
    if (vma.vm_start !== first || vma.vm_end !== last + 1n) return undefined
    if (vma.vm_mm?.$address !== mm.$address) return undefined
    vmas.push(vma)
  }
  return vmas
}

/**
 * `struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)`: the first mapping that
 * ends behind an address, which need not be in it.
 */
export function vmaFind(
  kernel: Kernel,
  mm: UntypedView,
  address: bigint,
): Struct<'vm_area_struct'> | undefined {
  for (const vma of forEachVma(kernel, mm, address)) return vma
  return undefined
}

/** `vma_lookup(mm, addr)` (Linux 5.14): the mapping that an address is in. */
export function vmaLookup(
  kernel: Kernel,
  mm: UntypedView,
  address: bigint,
): Struct<'vm_area_struct'> | undefined {
  for (const vma of forEachVma(kernel, mm, address, address)) return vma
  return undefined
}
