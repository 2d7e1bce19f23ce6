import { FaultError } from '../errors.js'
import type { UserMemory } from '../kernel/user_memory.js'
import type { Memory } from '../memory/memory.js'
import type { PagingMode } from '../memory/paging/mode.js'
import { PagedMemory } from '../memory/paging/paged_memory.js'
import type { UntypedView } from '../object/kernel_types.js'

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
    try {
      this.spaceOf(task.mm.pgd.$address).read(address, into)
      return into.length
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      return Number(error.address - address)
    }
  }

  private spaceOf(pgd: bigint): PagedMemory {
    let space = this.spaces.get(pgd)
    if (space === undefined) {
      const root = this.toPhysical(pgd)
      space = new PagedMemory(this.physical, this.mode, { user: root, kernel: root })
      this.spaces.set(pgd, space)
    }
    return space
  }
}
