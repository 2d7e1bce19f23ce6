import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { vmFlags } from './vm_flags.js'
import { vmaPieces } from './vma.js'
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
    return summarize(kernel, mm, vmas, root)
  })
  return [...pieces].flat()
}

function summarize(
  kernel: Kernel,
  mm: UntypedView,
  vmas: readonly UntypedView[],
  root: UntypedView | undefined,
): VmaSummary[] {
  const now = kernel.at('mm_struct', mm.$address)
  const files = new Map<bigint, MappedFile>()
  const fileOf = (file: UntypedView) => {
    const known = files.get(file.$address) ?? mappedFile(kernel, file, root)
    files.set(file.$address, known)
    return known
  }
  return vmas.map((vma) => {
    const file = vma.vm_file === null ? undefined : fileOf(vma.vm_file)
    return {
      vma: vma.$address,
      start: vma.vm_start,
      end: vma.vm_end,
      flags: vmFlags(vma),
      offset: file === undefined ? 0n : BigInt.asUintN(64, vma.vm_pgoff << PAGE_SHIFT),
      file,
      name: file === undefined ? bracketedName(kernel, vma, now) : (shmemName(kernel, vma) ?? file.path),
    }
  })
}
