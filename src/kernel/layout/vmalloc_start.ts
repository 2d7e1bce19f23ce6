import { UnsupportedError } from '../../errors.js'
import type { Kernel } from '../kernel.js'
import { type Base, variableBase } from './base.js'
import { firstMapping } from './mapped.js'
import { CPU_ENTRY_AREA } from './x86_64.js'

/** PUD_SIZE: KASLR places regions at multiples of it. */
const ALIGN = 1n << 30n

/** VMALLOC_START of x86-64; `directMapEnd` is where RAM ends in the direct map. */
export function vmallocStart(kernel: Kernel, directMapEnd: bigint): Base {
  const found =
    variableBase(kernel, 'vmalloc_base') ??
    vmallocOfVmcoreinfo(kernel) ??
    vmallocByTables(kernel, directMapEnd)
  if (found !== undefined) return found
  throw new UnsupportedError(
    'cannot tell VMALLOC_START',
    'neither symbols nor VMCOREINFO have it, and nothing is mapped above the direct map',
  )
}

/** Since Linux 6.9 (55c49fee57af) VMCOREINFO has it. */
function vmallocOfVmcoreinfo({ vmcoreinfo }: Kernel): Base | undefined {
  const address = vmcoreinfo.number('VMALLOC_START')
  return address === undefined ? undefined : { address, how: 'NUMBER(VMALLOC_START) of VMCOREINFO' }
}

/** vmalloc() takes the lowest addresses that are free, and some of the first are never freed. */
function vmallocByTables(kernel: Kernel, directMapEnd: bigint): Base | undefined {
  const first = firstMapping(kernel, { start: directMapEnd, end: CPU_ENTRY_AREA.start })
  if (first === undefined) return undefined
  const how = 'page tables: the first page above the direct map, down to a multiple of 1 GiB'
  return { address: first - (first % ALIGN), how }
}
