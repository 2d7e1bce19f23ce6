import { UsageError } from '../../errors.js'
import type { Kernel } from '../../kernel/kernel.js'
import { kernelLayout } from '../../kernel/layout/kernel_layout.js'
import { mappedBytes } from '../../kernel/layout/mapped.js'
import type { LayoutMode, Split } from '../../kernel/layout/modes.js'
import { referenceLayout } from '../../kernel/layout/reference.js'
import type { Region } from '../../kernel/layout/region.js'
import { openKernel } from '../open.js'
import type { GlobalOptions } from '../options.js'
import { showMessage, showPointers, showSymbols } from '../pointers.js'
import { present } from '../present.js'
import { layoutText, type ShownLayout, type ShownRegion } from '../render/layout_text.js'
import { pointerShower, type ShowPointer } from '../render/pointers.js'
import { writeErr } from '../stdio.js'

export interface LayoutOptions extends GlobalOptions {
  readonly mode?: LayoutMode
  readonly split?: Split
}

/** What all virtual addresses are set aside for, in a kernel or in a mode. */
export async function layout(options: LayoutOptions): Promise<void> {
  const shown = options.mode === undefined ? ofKernel(options) : ofMode(options.mode, options)
  await present({ json: () => shown, text: (page) => layoutText(shown, page) }, options)
}

function ofKernel(options: LayoutOptions): ShownLayout {
  if (options.split !== undefined) {
    throw new UsageError('--split without --mode', 'a kernel has its own', 'add --mode x86-32')
  }
  using kernel = openKernel(options)
  const regions = kernelLayout(kernel)
  const show = boundsShower(regions, options)
  const shown = regions.map((region): ShownRegion => {
    return {
      ...shownRegion(region, show),
      ...shownMapped(kernel, region),
      how: showMessage(region.how, options),
    }
  })
  if (options.debug) {
    for (const { name, first, how } of shown) writeErr(`ksight: ${name} ${first}: from ${how}\n`)
  }
  const title = `Linux ${kernel.release}, ${kernel.pageTables.mode.name}`
  return { title, release: kernel.release, mode: null, regions: shown.reverse() }
}

function ofMode(mode: LayoutMode, { c, split }: LayoutOptions): ShownLayout {
  if (c !== undefined) throw new UsageError('--mode with -c', 'an image has a mode of its own')
  if (split !== undefined && !mode.startsWith('x86-32')) {
    throw new UsageError(`--split with --mode ${mode}`, 'only 32-bit kernels can be built so')
  }
  const digits = mode.startsWith('x86-32') ? 8 : 16
  const text = (address: bigint) => `0x${address.toString(16).padStart(digits, '0')}`
  const regions = referenceLayout(mode, split).map((region): ShownRegion => {
    const { name, kind, macro = null, start, end, how } = region
    const bounds = { first: text(start), last: text(end - 1n), size: end - start }
    return { name, kind, macro, ...bounds, mapped: null, incomplete: null, how }
  })
  return { title: `Linux for ${mode}`, release: null, mode, regions: regions.reverse() }
}

const RAW = pointerShower('raw')

/**
 * Shows the bounds of a region: as pointers and symbols are shown where KASLR has drawn them, and as
 * they are where they are the same on every machine.
 */
function boundsShower(regions: readonly Region[], options: GlobalOptions): ShowBounds {
  const drawn = new Map<bigint, ShowPointer>()
  for (const { start, end, moved } of regions) {
    if (moved === undefined) continue
    const show = moved === 'image' ? showSymbols(options) : showPointers(options)
    drawn.set(start, show).set(end, show)
  }
  return (region) => {
    const { start, end, moved, kind } = region
    // What is between two regions has its bounds from them.
    const isDrawn = moved !== undefined || kind === 'unused'
    const of = (bound: bigint) => (isDrawn ? drawn.get(bound) : undefined) ?? RAW
    return { first: of(start)(start), last: of(end)(end - 1n) }
  }
}

type ShowBounds = (region: Region) => { readonly first: string; readonly last: string }

/** The size of what is between two regions would tell where they are. */
function shownRegion(region: Region, show: ShowBounds) {
  const { name, kind, macro, start, end } = region
  const { first, last } = show(region)
  const isHidden = first !== RAW(start) || last !== RAW(end - 1n)
  const size = kind === 'unused' && isHidden ? null : end - start
  return { name, kind, macro: macro ?? null, first, last, size }
}

/** The kernel's half; the shadow of KASAN is not counted, which is mapped to the same pages over and over. */
function shownMapped(kernel: Kernel, region: Region) {
  const isCounted = region.kind === 'kernel' || region.kind === 'unused'
  if (!isCounted || region.name === 'KASAN shadow') return { mapped: null, incomplete: null }
  const { bytes, incomplete } = mappedBytes(kernel, region)
  return { mapped: bytes, incomplete: incomplete ?? null }
}
