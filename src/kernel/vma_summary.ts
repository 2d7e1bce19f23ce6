import type { UntypedView } from '../object/kernel_types.js'
import type { Copies } from './copies.js'
import type { Kernel } from './kernel.js'
import { vmaPieces, vmaView } from './vma.js'
import { type MappedFile, mappedFile } from './vma_file.js'
import { bracketedName, shmemName } from './vma_name.js'

const PAGE_SHIFT = 12n

/** A mapping as /proc/PID/maps shows it. */
export interface VmaSummary {
  /** The address of its vm_area_struct. */
  readonly vma: bigint
  readonly start: bigint
  /** The first address behind it. */
  readonly end: bigint
  /** `vm_flags`; see {@link vmFlagNames} and {@link vmPermissions}. */
  readonly flags: bigint
  /** Bytes from the start of the file; 0 where there is none. */
  readonly offset: bigint
  readonly file: MappedFile | undefined
  /** See {@link vmaName}. */
  readonly name: string | undefined
}

/**
 * All mappings of an address space, as they are now; files' paths as seen from `root`. What is told of a
 * mapping was read while it was there; see {@link forEachVma}.
 */
export function listVmas(kernel: Kernel, mm: UntypedView, root?: UntypedView): VmaSummary[] {
  const pieces = vmaPieces(kernel, mm, (vmas) => {
    kernel.drop()
    return summarize(kernel, kernel.at('mm_struct', mm.$address), vmas, root)
  })
  return [...pieces].flat()
}

function summarize(
  kernel: Kernel,
  mm: UntypedView,
  vmas: Copies,
  root: UntypedView | undefined,
): VmaSummary[] {
  const column = columnsOf(kernel, vmas)
  const [start, end] = [column('vm_start'), column('vm_end')]
  const [flags, pgoff, pointer] = [column('vm_flags'), column('vm_pgoff'), column('vm_file')]
  const name = namesOf(kernel, mm, vmas)
  const files = new Map<bigint, MappedFile>()
  const fileAt = (address: bigint) => {
    const file = files.get(address) ?? mappedFile(kernel, kernel.at('file', address), root)
    files.set(address, file)
    return file
  }
  return vmas.addresses.map((vma, i) => {
    const file = pointer(i) === 0n ? undefined : fileAt(pointer(i))
    return {
      vma,
      start: start(i),
      end: end(i),
      flags: flags(i),
      offset: file === undefined ? 0n : BigInt.asUintN(64, pgoff(i) << PAGE_SHIFT),
      file,
      name: name(i, file),
    }
  })
}

/** What a member of each mapping holds; 0 where this kernel has no such member. */
function columnsOf(kernel: Kernel, vmas: Copies): (member: string) => (i: number) => bigint {
  const vma = kernel.at('vm_area_struct', 0n)
  return (member) => {
    if (!vma.$has(member)) return () => 0n
    const offset = vma.$offsetOf(member)
    return (i) => vmas.word(i, offset)
  }
}

/** {@link vmaName} of each; only those that may have a name of their own are looked at closely. */
function namesOf(
  kernel: Kernel,
  mm: UntypedView,
  vmas: Copies,
): (i: number, file: MappedFile | undefined) => string | undefined {
  const view = (i: number) => vmaView(kernel, vmas, i)
  const column = columnsOf(kernel, vmas)
  const [start, end] = [column('vm_start'), column('vm_end')]
  const [ops, anonName] = [column('vm_ops'), column('anon_name')]
  const { brk, start_brk, start_stack } = mm
  const touches = (i: number, from: bigint, to: bigint) => start(i) <= to && end(i) >= from
  return (i, file) => {
    if (file !== undefined) {
      return (anonName(i) === 0n ? undefined : shmemName(kernel, view(i))) ?? file.path
    }
    const isPlain =
      ops(i) === 0n &&
      anonName(i) === 0n &&
      !touches(i, start_brk, brk) &&
      !touches(i, start_stack, start_stack)
    return isPlain ? undefined : bracketedName(kernel, view(i), mm)
  }
}
