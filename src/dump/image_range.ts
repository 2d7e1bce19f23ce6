import type { PagedMemory } from '../memory/paging/paged_memory.js'
import type { AddressRange } from '../symbols/areas.js'

/** How much of memory a kernel's image takes at most: KERNEL_IMAGE_SIZE of x86-64 is 1 GiB. */
const LARGEST_IMAGE = 1n << 30n

/** What is freed after the start leaves holes of a few megabytes in the image; modules are farther away. */
const LARGEST_HOLE = 1n << 25n

/** The kernel's image as it is mapped, from `_stext` to the end of its data. */
export function imageRange(memory: PagedMemory, stext: bigint): AddressRange {
  let end = stext
  for (const { virtual, length } of memory.mappings(stext, stext + LARGEST_IMAGE)) {
    if (virtual - end > LARGEST_HOLE) break
    end = virtual + length
  }
  return { start: stext, end }
}
