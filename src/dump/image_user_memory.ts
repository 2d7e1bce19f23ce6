import { FaultError } from '../errors.js'
import type { UserMemory } from '../kernel/user_memory.js'
import type { Memory } from '../memory/memory.js'
import type { PagingMode } from '../memory/paging/mode.js'
import { PagedMemory } from '../memory/paging/paged_memory.js'
import { walk } from '../memory/paging/walk.js'
import { deref } from '../object/deref.js'
import type { UntypedView } from '../object/kernel_types.js'

/** Each remembers page tables, and an image has any number of processes. */
const MAX_SPACES = 16

/** The memory of processes in an image, through the page tables of each. */
export class ImageUserMemory implements UserMemory {
  private readonly spaces = new Map<bigint, PagedMemory>()

  constructor(
    private readonly physical: Memory,
    private readonly mode: PagingMode,
    private readonly toPhysical: (address: bigint) => bigint,
  ) {}

  read(task: UntypedView, address: bigint, into: Uint8Array): number {
    if (task.mm === null) return 0
    const space = this.spaceOf(deref(task.mm, 'pgd').$address)
    try {
      space.read(address, into)
      return into.length
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      if (error.address === address && this.isLacking(space, address)) throw error
      return Number(error.address - address)
    }
  }

  /** Whether the process has a page there, which the image has not. */
  private isLacking({ root }: PagedMemory, address: bigint): boolean {
    const { end } = walk(this.mode, this.physical, root, address)
    // An entry that is not present and not 0 tells where in swap the page is.
    if (end.kind === 'not present') return end.entry !== 0n
    return end.kind !== 'non-canonical'
  }

  private spaceOf(pgd: bigint): PagedMemory {
    let space = this.spaces.get(pgd)
    if (space === undefined) {
      const root = this.toPhysical(pgd)
      space = new PagedMemory(this.physical, this.mode, { user: root, kernel: root })
      const [oldest] = this.spaces.keys()
      if (oldest !== undefined && this.spaces.size >= MAX_SPACES) this.spaces.delete(oldest)
      this.spaces.set(pgd, space)
    }
    return space
  }
}
