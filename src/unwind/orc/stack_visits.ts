import { hex } from '../../bytes/hex.js'
import { InconsistentError } from '../../errors.js'
import type { StackArea, StackKind } from '../kernel_stack_areas.js'

/**
 * The stack that is being walked, and those that were before: no way leads back to one of them, so that
 * a walk ends. Mirrors `stack_info` and `stack_mask` of `struct unwind_state`.
 */
export class StackVisits {
  current: StackArea | undefined
  private readonly visited = new Set<StackArea>()

  constructor(private readonly areas: readonly StackArea[]) {}

  kindOf(address: bigint): StackKind | undefined {
    return this.areas.find((area) => isWithin(area, address, 1))?.kind
  }

  isOnCurrent(address: bigint, length: number): boolean {
    return this.current !== undefined && isWithin(this.current, address, length)
  }

  /** Mirrors `stack_access_ok()`; throws {@link InconsistentError}. */
  enter(address: bigint, length: number): void {
    if (this.isOnCurrent(address, length)) return
    const area = this.areas.find((area) => isWithin(area, address, length))
    if (area === undefined) throw lost(`${hex(address)} is on none of its stacks`)
    if (this.visited.has(area)) throw lost(`${hex(address)} leads back to the ${area.kind} stack`)
    this.visited.add(area)
    this.current = area
  }
}

function isWithin({ begin, end }: StackArea, address: bigint, length: number): boolean {
  return address >= begin && address + BigInt(length) <= end
}

/** What is on a stack leads nowhere. */
export function lost(why: string): InconsistentError {
  return new InconsistentError('the stack cannot be followed', why)
}
