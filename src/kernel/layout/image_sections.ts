import type { AddressRange } from '../../symbols/areas.js'
import { kernelImageMap } from '../image_map.js'
import type { Kernel } from '../kernel.js'
import { variableAddress } from '../variable.js'
import { forEachIomemResource } from './iomem.js'
import type { Region } from './region.js'

/** A part of the kernel's image: the linker's symbols for its bounds, and its line in /proc/iomem. */
interface Section {
  readonly name: string
  readonly first: string
  readonly end: string
  readonly resource?: string
}

const SECTIONS: readonly Section[] = [
  { name: 'kernel text', first: '_text', end: '_etext', resource: 'Kernel code' },
  {
    name: 'kernel rodata',
    first: '__start_rodata',
    end: '__end_rodata',
    resource: 'Kernel rodata',
  },
  { name: 'kernel data', first: '_sdata', end: '_edata', resource: 'Kernel data' },
  { name: 'kernel init', first: '__init_begin', end: '__init_end' },
  { name: 'kernel bss', first: '__bss_start', end: '__bss_stop', resource: 'Kernel bss' },
  { name: 'kernel brk', first: '__brk_base', end: '__brk_limit' },
]

/**
 * The sections of the kernel's image, in ascending order: from the linker's symbols (vmlinux.lds.S), or
 * where these are not listed from the resources that setup_arch() makes of them. What lies between
 * them, such as the per-CPU areas' template, is left out.
 */
export function imageSections(kernel: Kernel): Region[] {
  const resources = new Map<string, AddressRange>()
  const sections = SECTIONS.flatMap((section): Region[] => {
    const found = bySymbols(kernel, section) ?? byResource(kernel, section, resources)
    return found === undefined
      ? []
      : [{ name: section.name, kind: 'kernel', moved: 'image', ...found }]
  })
  return sections.sort((a, b) => (a.start < b.start ? -1 : 1))
}

type Found = AddressRange & Pick<Region, 'how' | 'macro'>

function bySymbols(kernel: Kernel, { first, end }: Section): Found | undefined {
  const range = { start: variableAddress(kernel, first), end: variableAddress(kernel, end) }
  if (range.start === undefined || range.end === undefined) return undefined
  return { start: range.start, end: range.end, macro: first, how: `symbols ${first} and ${end}` }
}

function byResource(
  kernel: Kernel,
  { resource, first }: Section,
  known: Map<string, AddressRange>,
): Found | undefined {
  if (resource === undefined) return undefined
  if (known.size === 0) {
    const { virtualOffset } = kernelImageMap(kernel.vmcoreinfo)
    for (const { name, start, end } of forEachIomemResource(kernel)) {
      const at = BigInt.asUintN(64, start + virtualOffset)
      known.set(name, { start: at, end: at + (end - start) })
    }
  }
  const range = known.get(resource)
  return (
    range && { ...range, macro: first, how: `resource ${JSON.stringify(resource)} (/proc/iomem)` }
  )
}
