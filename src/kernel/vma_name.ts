import { deref } from '../object/deref.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { isLinux } from './version.js'
import { mappedFile } from './vma_file.js'

/** ANON_VMA_NAME_MAX_LEN, with its NUL. */
const LONGEST_ANON_NAME = 80

/** `[vvar_vclock]` and the like; the kernel's own names are shorter. */
const LONGEST_SPECIAL_NAME = 64

/**
 * The name of a mapping in /proc/PID/maps (`get_vma_name()`, in `show_map_vma()` before Linux 6.6): the
 * path of its file, or a name in brackets; undefined where it has none. A newline in a path is shown
 * there as `\012`, here as it is.
 */
export function vmaName(kernel: Kernel, vma: UntypedView, root?: UntypedView): string | undefined {
  const path = (file: UntypedView) => mappedFile(kernel, file, root).path
  return vma.vm_file === null
    ? bracketedName(kernel, vma)
    : (shmemName(kernel, vma) ?? path(vma.vm_file))
}

/** The name of a mapping without a file, in the address space `mm`. */
export function bracketedName(
  kernel: Kernel,
  vma: UntypedView,
  mm: UntypedView = deref(vma, 'vm_mm'),
): string | undefined {
  const special = specialMappingName(kernel, vma)
  if (special !== undefined) return special
  if (vmaIsInitialHeap(kernel, vma, mm)) return '[heap]'
  if (vmaIsInitialStack(vma, mm)) return '[stack]'
  const anonymous = anonVmaName(vma)
  return anonymous === undefined ? undefined : `[anon:${anonymous}]`
}

/**
 * `[anon_shmem:NAME]` in the place of the path of shared anonymous memory that was given a name, since
 * Linux 6.2 (d09e8ca6cb93). Before, mappings of files had none: its place was used for something else.
 */
export function shmemName(kernel: Kernel, vma: UntypedView): string | undefined {
  if (!isLinux(kernel, 6, 2)) return undefined
  const name = anonVmaName(vma)
  return name === undefined ? undefined : `[anon_shmem:${name}]`
}

/**
 * `anon_vma_name(vma)`: what `prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME)` named a mapping (Linux 5.17, with
 * CONFIG_ANON_VMA_NAME).
 */
function anonVmaName(vma: UntypedView): string | undefined {
  const name: UntypedView | null | undefined = vma.anon_name
  return name ? name.name.$string(LONGEST_ANON_NAME) : undefined
}

/**
 * `special_mapping_name(vma)`: `[vdso]`, `[vvar]`, `[vvar_vclock]`, `[uprobes]`. Of the mappings in an
 * address space, these are the only ones whose operations give a name.
 */
function specialMappingName(kernel: Kernel, vma: UntypedView): string | undefined {
  if (!vma.vm_ops?.name) return undefined
  const { $address } = deref(vma, 'vm_private_data')
  const mapping = kernel.at('vm_special_mapping', $address)
  return deref(mapping, 'name').$string(LONGEST_SPECIAL_NAME)
}

/**
 * `vma_is_initial_heap(vma)` (Linux 6.6): whether it is what `brk(2)` grows. Before, what only touches
 * that was shown as heap, too.
 */
export function vmaIsInitialHeap(
  kernel: Kernel,
  vma: UntypedView,
  { start_brk, brk }: UntypedView = deref(vma, 'vm_mm'),
): boolean {
  if (isLinux(kernel, 6, 6)) return vma.vm_start < brk && vma.vm_end > start_brk
  return vma.vm_start <= brk && vma.vm_end >= start_brk
}

/** `vma_is_initial_stack(vma)` (`is_stack()` before Linux 6.6): the stack of the main thread. */
export function vmaIsInitialStack(
  vma: UntypedView,
  { start_stack }: UntypedView = deref(vma, 'vm_mm'),
): boolean {
  return vma.vm_start <= start_stack && vma.vm_end >= start_stack
}
