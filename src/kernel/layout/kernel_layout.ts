import { UnsupportedError } from '../../errors.js'
import { kernelImageMap } from '../image_map.js'
import type { Kernel } from '../kernel.js'
import type { Region } from './region.js'
import { x86_64Layout } from './x86_64_layout.js'

const known = new WeakMap<Kernel, readonly Region[]>()

/**
 * What the virtual addresses of a kernel are set aside for, all 2^64 of them in ascending order, as this
 * boot has it (KASLR). Found out once. For x86-64; throws {@link UnsupportedError} for other kernels.
 */
export function kernelLayout(kernel: Kernel): readonly Region[] {
  let regions = known.get(kernel)
  if (regions === undefined) {
    regions = find(kernel)
    known.set(kernel, regions)
  }
  return regions
}

/** The region that an address is in. */
export function regionOf(kernel: Kernel, address: bigint): Region {
  const at = BigInt.asUintN(64, address)
  return kernelLayout(kernel).find(({ start, end }) => start <= at && at < end)!
}

function find(kernel: Kernel): Region[] {
  const { machine, levels } = kernelImageMap(kernel.vmcoreinfo)
  if (machine === 'x86_64' && (levels === 4 || levels === 5)) return x86_64Layout(kernel, levels)
  throw new UnsupportedError(
    'cannot tell the layout of the address space',
    `it is known for x86-64, and this kernel is for ${machine}`,
    'ksight layout --mode shows what kernels of other machines have',
  )
}
