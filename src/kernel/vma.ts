import type { Struct, UntypedView } from '../object/kernel_types.js'
import { Copies } from './copies.js'
import type { Kernel } from './kernel.js'
import { linkedVmas } from './linked_vmas.js'
import { type MapleRange, ULONG_MAX } from './maple_node.js'
import { maplePieces } from './maple_tree.js'

/**
 * `for_each_vma(vmi, vma)`: the mappings of an address space in ascending order, as they are now. Each
 * holds a copy of its struct. They are in a maple tree since Linux 6.1 (commit 763ecb035029), before
 * on a list. `first` and `last` are addresses, both included.
 *
 * The mappings of a process that runs meanwhile are true in pieces, as those that the kernel itself
 * shows in /proc/PID/maps: one that was merged with the last of the piece before overlaps it. See
 * {@link maplePieces}.
 */
export function* forEachVma(
  kernel: Kernel,
  mm: UntypedView,
  first = 0n,
  last = ULONG_MAX,
): Generator<Struct<'vm_area_struct'>> {
  for (const vmas of vmaPieces(kernel, mm, (vmas) => vmas, first, last)) {
    for (let i = 0; i < vmas.count; i++) yield vmaView(kernel, vmas, i)
  }
}

/**
 * Copies of the mappings in pieces, which `look` makes something of while they are there: it may follow
 * what they hold, such as files. It gives undefined if what it found cannot be theirs; see
 * {@link maplePieces}.
 */
export function* vmaPieces<T>(
  kernel: Kernel,
  mm: UntypedView,
  look: (vmas: Copies) => T | undefined,
  first = 0n,
  last = ULONG_MAX,
  widest?: number,
): Generator<T> {
  if (!mm.$has('mm_mt')) {
    const seen = look(copiesOf(kernel, linkedVmas(kernel, mm, first, last)))
    if (seen !== undefined) yield seen
    return
  }
  const offsets = vmaOffsets(kernel)
  const lookAt = (ranges: MapleRange[]) => {
    const vmas = copiesOf(
      kernel,
      ranges.map(({ entry }) => entry),
    )
    return areOf(mm, ranges, vmas, offsets) ? look(vmas) : undefined
  }
  yield* maplePieces(kernel, mm.$addressOf('mm_mt'), first, last, lookAt, widest)
}

function copiesOf(kernel: Kernel, vmas: readonly bigint[]): Copies {
  const { size } = kernel.space.struct('vm_area_struct').type
  return new Copies(kernel.uncached, vmas, size, kernel.types.littleEndian)
}

function vmaOffsets(kernel: Kernel) {
  const vma = kernel.at('vm_area_struct', 0n)
  return {
    start: vma.$offsetOf('vm_start'),
    end: vma.$offsetOf('vm_end'),
    mm: vma.$offsetOf('vm_mm'),
  }
}

/** A view of one of the copies. */
export function vmaView(kernel: Kernel, vmas: Copies, i: number): Struct<'vm_area_struct'> {
  const type = kernel.space.struct('vm_area_struct')
  return type.at(vmas.addresses[i]!, vmas.bytes(i)) as UntypedView
}

/** Whether each is a mapping of its range, and of this address space. */
function areOf(
  mm: UntypedView,
  ranges: readonly MapleRange[],
  vmas: Copies,
  offsets: ReturnType<typeof vmaOffsets>,
): boolean {
  return ranges.every(({ first, last }, i) => {
    return (
      vmas.word(i, offsets.start) === first &&
      vmas.word(i, offsets.end) === last + 1n &&
      vmas.word(i, offsets.mm) === mm.$address
    )
  })
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
  const firstOf = (vmas: Copies) => (vmas.count > 0 ? [vmaView(kernel, vmas, 0)] : [])
  for (const vmas of vmaPieces(kernel, mm, firstOf, address, ULONG_MAX, 1)) {
    if (vmas.length > 0) return vmas[0]
  }
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
