import type { VmaResidency } from '../../kernel/residency.js'
import type { Segment } from '../../kernel/segments.js'

/** Addresses from `start` up to `end`, which is 2^64 for the last ones. */
export interface AddressRange {
  readonly start: bigint
  readonly end: bigint
}

/** A mapping of the process. */
export interface MappedPart extends AddressRange {
  readonly type: 'mapping'
  readonly segment: Segment
  readonly residency: VmaResidency
}

/** What the kernel has in its own half. */
export interface KernelPart extends AddressRange {
  readonly type: 'kernel'
  /** Such as `direct map`. */
  readonly name: string
}

/** Addresses that nothing is mapped at, or that are no addresses. */
export interface Hole extends AddressRange {
  readonly type: 'hole'
  readonly half: 'user' | 'kernel' | 'non-canonical'
}

/** Neighbours of one kind that are shown as one. */
export interface FoldedPart extends AddressRange {
  readonly type: 'folded'
  readonly parts: readonly MappedPart[]
  readonly holes: readonly Hole[]
  /** Of all of them. */
  readonly residency: VmaResidency
}

export type Part = MappedPart | KernelPart | Hole
export type ShownPart = Part | FoldedPart

export const sizeOf = ({ start, end }: AddressRange): bigint => end - start
