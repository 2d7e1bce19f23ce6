import { UnsupportedError } from '../../errors.js'
import { getGateVma } from '../../kernel/gate_vma.js'
import type { Kernel } from '../../kernel/kernel.js'
import { vmPermissions } from '../../kernel/vm_flags.js'
import { forEachMapping, type Mapping } from '../../memory/paging/mappings.js'
import type { UntypedView } from '../../object/kernel_types.js'
import type { KernelPart } from './part.js'

/** __START_KERNEL_map, and where modules begin behind the image (CONFIG_RANDOMIZE_BASE). */
const IMAGE = { start: 0xffff_ffff_8000_0000n, end: 0xffff_ffff_c000_0000n }
const MODULES = { start: 0xffff_ffff_c000_0000n, end: 0xffff_ffff_ff00_0000n }

/** The direct map has at most so much RAM: with 4 levels of page tables 64 TiB, with 5 32 PiB. */
const MOST_RAM = { 4: 1n << 46n, 5: 1n << 55n }

/** What of the kernel's own half of the addresses can be told, in ascending order. */
export function kernelHalf(kernel: Kernel, mm: UntypedView): KernelPart[] {
  if (!kernel.pageTables.mode.name.startsWith('x86-64')) return []
  return [...directMap(kernel), ...image(kernel), ...modules(kernel), ...gate(kernel, mm)]
}

function mappings(kernel: Kernel, start: bigint, end: bigint): Generator<Mapping> {
  const { mode, root } = kernel.pageTables
  return forEachMapping(mode, kernel.physical, root, start, end)
}

/** From PAGE_OFFSET to the last byte that is mapped as there, by its distance from it. */
function directMap(kernel: Kernel): KernelPart[] {
  const start = kernel.pageOffset
  const most = kernel.pageTables.mode.levels.length === 5 ? MOST_RAM[5] : MOST_RAM[4]
  let end = start
  for (const { virtual, physical, length } of mappings(kernel, start, start + most)) {
    if (physical === virtual - start) end = virtual + length
  }
  return [part('direct map', start, end)]
}

/** The image by what may be done with it. */
function image(kernel: Kernel): KernelPart[] {
  const parts: KernelPart[] = []
  for (const mapping of mappings(kernel, IMAGE.start, IMAGE.end)) {
    const permissions = permissionsOf(mapping)
    const end = mapping.virtual + mapping.length
    const last = parts.at(-1)
    if (last?.end === mapping.virtual && continues(last, permissions, mapping)) {
      // What is mapped otherwise for a few pages is no part of its own.
      const same = last.permissions === permissions
      parts[parts.length - 1] = { ...last, end, permissions: same ? permissions : undefined }
    } else {
      parts.push(part(`kernel ${IMAGE_PARTS[permissions]}`, mapping.virtual, end, permissions))
    }
  }
  return parts
}

/** Parts of the image are aligned to this much, if they are large. */
const LARGE = 2n << 20n

function continues(last: KernelPart, permissions: string, { length }: Mapping): boolean {
  return last.permissions === permissions || (last.name !== 'kernel text' && length < LARGE)
}

const IMAGE_PARTS: Record<string, string> = {
  'r-x': 'text',
  'r--': 'rodata',
  'rw-': 'data',
  rwx: 'text that may be written',
}

function permissionsOf({ writable, executable }: Mapping): string {
  return `r${writable ? 'w' : '-'}${executable ? 'x' : '-'}`
}

/** From the first module's first page to the last one's last. */
function modules(kernel: Kernel): KernelPart[] {
  const found = [...mappings(kernel, MODULES.start, MODULES.end)]
  const last = found.at(-1)
  if (last === undefined) return []
  return [part('modules', found[0]!.virtual, last.virtual + last.length)]
}

/** The one page that processes may use. */
function gate(kernel: Kernel, mm: UntypedView): KernelPart[] {
  try {
    const vma = getGateVma(kernel, mm)
    return vma === undefined
      ? []
      : [part('[vsyscall]', vma.start, vma.end, vmPermissions(vma.flags))]
  } catch (error) {
    if (error instanceof UnsupportedError) return []
    throw error
  }
}

function part(name: string, start: bigint, end: bigint, permissions?: string): KernelPart {
  return { type: 'kernel', name, start, end, permissions }
}
