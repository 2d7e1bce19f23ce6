import { UnsupportedError } from '../errors.js'
import { arm64 } from '../memory/paging/arm64.js'
import type { PagingMode } from '../memory/paging/mode.js'
import { x86_64 } from '../memory/paging/x86.js'
import type { KernelImageMap } from './image_map.js'

/**
 * The paging mode that a kernel's VMCOREINFO tells of. With `protNone`, pages that a process may not
 * touch for now (PROT_NONE, NUMA hinting) can be read too.
 */
export function pagingModeOf(map: KernelImageMap, protNone = false): PagingMode {
  const { machine, levels, addressBits, encryptionMask } = map
  if (machine === 'x86_64' && (levels === 4 || levels === 5)) {
    return x86_64(levels, { encrypted: encryptionMask, protNone })
  }
  const pageShift = Math.log2(map.pageSize)
  if (machine === 'aarch64' && (pageShift === 12 || pageShift === 14 || pageShift === 16)) {
    return arm64({ pageShift, addressBits })
  }
  throw new UnsupportedError(
    'cannot walk the page tables',
    `${machine} with ${levels} levels and pages of ${map.pageSize} bytes is not known`,
  )
}
