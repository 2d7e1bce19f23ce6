import { FaultError } from '../../errors.js'
import type { Memory } from '../memory.js'
import { indexAt, isCanonical, offsetBelow, type SplitAddress, split } from './address.js'
import { bitNames, flagsIn, kindOf, targetOf } from './entry.js'
import { ACCESSED, DIRTY, GLOBAL, RIGHTS, type Rights, rightsOf } from './flags.js'
import type { EntryShape, Level, LevelName, PagingMode } from './mode.js'
import { type Root, rootFor } from './root.js'

/** How an address is translated, level by level. */
export interface Walk {
  readonly mode: PagingMode
  readonly address: bigint
  /** From the PGD down to the entry that ends the walk; none if there is no table to begin with. */
  readonly steps: readonly WalkStep[]
  readonly end: WalkEnd
}

export interface WalkStep {
  readonly level: LevelName
  /** pgd_index() and so on. */
  readonly index: number
  /** Physical, of the entry. */
  readonly entryAddress: bigint
  /** As it is in memory: where nothing is present, a swap or migration entry may be. */
  readonly entry: bigint
  /** `no access`: a page that Linux keeps (pte_present()) and the processor may not use. */
  readonly kind: 'table' | 'page' | 'no access' | 'not present' | 'reserved'
  /** What the entry says by itself; undefined where nothing is present. */
  readonly flags: EntryFlags | undefined
  /** What this and all levels above allow together. */
  readonly rights: Rights | undefined
  /** Where the next table or the page begins. */
  readonly physical: bigint | undefined
}

export interface EntryFlags extends Rights {
  /** Whether it maps a page above the last level. */
  readonly large: boolean
  readonly accessed: boolean
  readonly dirty: boolean
  /** The translation is kept when the CPU changes address spaces. */
  readonly global: boolean
  /** The bits that are set, as the manual names them. */
  readonly bits: readonly string[]
}

export type WalkEnd =
  /** `physical` is what the address itself translates to; `accessible` is false for PROT_NONE. */
  | {
      readonly kind: 'page'
      readonly physical: bigint
      readonly pageSize: number
      readonly rights: Rights
      readonly accessible: boolean
    }
  /** The entry is not valid, or has bits set that must be 0. */
  | { readonly kind: 'not present' | 'reserved'; readonly level: LevelName; readonly entry: bigint }
  | { readonly kind: 'unreadable table'; readonly level: LevelName; readonly fault: FaultError }
  /** No table translates such an address. */
  | { readonly kind: 'non-canonical' | 'no root' }

/**
 * Walks the page tables as the processor does: Intel SDM volume 3, 4.3 to 4.5; AMD APM volume 2, 5.3;
 * Arm ARM D8.2. What they contain is never a reason to throw.
 */
export function walk(mode: PagingMode, physical: Memory, root: Root, address: bigint): Walk {
  const steps: WalkStep[] = []
  return { mode, address, steps, end: takeSteps(mode, physical, root, address, steps) }
}

function takeSteps(
  mode: PagingMode,
  physical: Memory,
  root: Root,
  address: bigint,
  steps: WalkStep[],
): WalkEnd {
  const at = split(address, { low: 0, high: 0 })
  if (BigInt.asUintN(64, address) !== address || !isCanonical(mode, at)) {
    return { kind: 'non-canonical' }
  }
  let table = rootFor(mode, root, at)
  if (table === undefined) return { kind: 'no root' }
  let allowed = RIGHTS
  for (const level of mode.levels) {
    const index = indexAt(level, at)
    const entryAddress = table + BigInt(index * mode.entrySize)
    const entry = readEntry(physical, entryAddress, mode.entrySize)
    if (entry instanceof FaultError) {
      return { kind: 'unreadable table', level: level.name, fault: entry }
    }
    const { step, flags } = takeStep(level, index, entryAddress, entry, allowed)
    steps.push(step)
    if (step.kind === 'not present' || step.kind === 'reserved') {
      return { kind: step.kind, level: level.name, entry }
    }
    allowed &= flags
    if (step.kind !== 'table') return pageEnd(level, step, at)
    table = step.physical!
  }
  throw new Error('the last level of a paging mode has no tables')
}

const NOTHING = { flags: undefined, rights: undefined, physical: undefined }

function takeStep(
  level: Level,
  index: number,
  entryAddress: bigint,
  entry: bigint,
  allowed: number,
): { step: WalkStep; flags: number } {
  const { low, high } = split(entry, { low: 0, high: 0 })
  const shape = kindOf(level, low, high)
  const { name } = level
  if (typeof shape === 'string') {
    const step: WalkStep = { ...NOTHING, level: name, index, entryAddress, entry, kind: shape }
    return { step, flags: 0 }
  }
  const flags = flagsIn(shape, low, high)
  const step: WalkStep = {
    level: name,
    index,
    entryAddress,
    entry,
    kind: shape === level.table ? 'table' : shape === level.page ? 'page' : 'no access',
    flags: entryFlags(level, shape, flags, low, high),
    rights: rightsOf(flags & allowed),
    physical: BigInt(targetOf(shape, low, high)),
  }
  return { step, flags }
}

function entryFlags(
  level: Level,
  shape: EntryShape,
  flags: number,
  low: number,
  high: number,
): EntryFlags {
  const { writable, user, executable } = rightsOf(flags)
  return {
    writable,
    user,
    executable,
    large: shape !== level.table && level.table !== undefined,
    accessed: (flags & ACCESSED) !== 0,
    dirty: (flags & DIRTY) !== 0,
    global: (flags & GLOBAL) !== 0,
    bits: bitNames(shape, low, high),
  }
}

function pageEnd(level: Level, step: WalkStep, at: SplitAddress): WalkEnd {
  return {
    kind: 'page',
    physical: step.physical! + BigInt(offsetBelow(level.shift, at)),
    pageSize: 2 ** level.shift,
    rights: step.rights!,
    accessible: step.kind === 'page',
  }
}

function readEntry(physical: Memory, address: bigint, size: 4 | 8): bigint | FaultError {
  const bytes = new Uint8Array(size)
  try {
    physical.read(address, bytes)
  } catch (error) {
    if (error instanceof FaultError) return error
    throw error
  }
  const view = new DataView(bytes.buffer)
  return size === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true))
}

/** Why a walk did not end at a page, in words that follow an address; undefined if it did. */
export function whyNot(end: WalkEnd, mode: PagingMode): string | undefined {
  switch (end.kind) {
    case 'page':
      return undefined
    case 'not present':
      return `the ${end.level} entry is not present (0x${end.entry.toString(16)})`
    case 'reserved':
      return `the ${end.level} entry has reserved bits set (0x${end.entry.toString(16)})`
    case 'unreadable table':
      return `the ${end.level} table is not readable: ${end.fault.message}`
    case 'non-canonical':
      return `the address is not canonical for ${mode.name}`
    case 'no root':
      return 'no page table is known for this half of the address space'
  }
}
