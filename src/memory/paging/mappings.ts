import type { Memory } from '../memory.js'
import { ACCESSED, DIRTY, GLOBAL, NO_ACCESS, type Rights, rightsOf } from './flags.js'
import type { LevelName, PagingMode } from './mode.js'
import { type Root, rootFor } from './root.js'
import { type Left, Scan, UNIT_SHIFT } from './scan.js'

/** Pages that follow each other in virtual and in physical memory, and whose entries say the same. */
export interface Mapping extends Rights {
  readonly virtual: bigint
  readonly physical: bigint
  /** In bytes; of a large page only what is in the range that was asked for. */
  readonly length: bigint
  readonly pageSize: number
  readonly global: boolean
  readonly accessed: boolean
  readonly dirty: boolean
  /** False where Linux keeps pages that the processor may not use: PROT_NONE, NUMA balancing. */
  readonly accessible: boolean
}

/** Addresses that were not looked at, since the table of this level could not be used. */
export interface Skipped {
  readonly virtual: bigint
  readonly length: bigint
  readonly level: LevelName
  readonly why: string
}

const END = 1n << 64n

/**
 * Everything that is mapped from `from` up to `to`, in ascending order. What is not mapped costs no
 * more than its one entry in the lowest table that there is. Tables that cannot be read, and those that
 * tables of a damaged image lead to over and over, are told to `skipped`; nothing is thrown for them.
 */
export function* forEachMapping(
  mode: PagingMode,
  physical: Memory,
  root: Root,
  from = 0n,
  to = END,
  skipped: (skipped: Skipped) => void = () => {},
): Generator<Mapping> {
  for (const half of halvesOf(mode, root)) {
    // An address is `add` more than its distance from the first one that the root could translate.
    const { top, add, begin, end } = half
    const first = max(from, begin) - add
    const last = min(to, end) - add
    if (first >= last) continue
    const left = ({ page, pages, level, why }: Left) => {
      const start = max(first, BigInt(page) << SHIFT)
      const stop = min(last, BigInt(page + pages) << SHIFT)
      const reason = typeof why === 'string' ? why : why.message
      skipped({ virtual: start + add, length: stop - start, level, why: reason })
    }
    const scan = new Scan(mode, physical, top, unitOf(first), unitOf(last + UNIT - 1n), left)
    yield* runsOf(scan, add)
  }
}

const SHIFT = BigInt(UNIT_SHIFT)
const UNIT = 1n << SHIFT
const unitOf = (address: bigint) => Number(address >> SHIFT)
const max = (a: bigint, b: bigint) => (a > b ? a : b)
const min = (a: bigint, b: bigint) => (a < b ? a : b)

interface Half {
  /** The root. */
  readonly top: bigint
  readonly add: bigint
  readonly begin: bigint
  readonly end: bigint
}

/** The parts of the address space that lie in one piece each. */
function halvesOf(mode: PagingMode, root: Root): Half[] {
  const { signBit, halves } = mode.canonical
  const size = 1n << BigInt(signBit)
  // The entries for the upper half follow in the same table, or begin another.
  const add = END - (halves === 'one root' ? 2n : 1n) * size
  const lower = rootFor(mode, root, { low: 0, high: 0 })
  const upper = halves === 'flat' ? undefined : rootFor(mode, root, { low: 0, high: 2 ** 31 })
  return [
    ...(lower === undefined ? [] : [{ top: lower, add: 0n, begin: 0n, end: size }]),
    ...(upper === undefined ? [] : [{ top: upper, add, begin: END - size, end: END }]),
  ]
}

/** Joins what a scan finds. */
function* runsOf(scan: Scan, add: bigint): Generator<Mapping> {
  if (!scan.next()) return
  let { page, pages, physical, flags, shift } = scan
  while (scan.next()) {
    const follows =
      scan.page === page + pages && scan.physical === physical + pages * 2 ** UNIT_SHIFT
    if (follows && scan.flags === flags && scan.shift === shift) {
      pages += scan.pages
      continue
    }
    yield mapping(page, pages, physical, flags, shift, add)
    ;({ page, pages, physical, flags, shift } = scan)
  }
  yield mapping(page, pages, physical, flags, shift, add)
}

function mapping(
  page: number,
  pages: number,
  physical: number,
  flags: number,
  shift: number,
  add: bigint,
): Mapping {
  const { writable, user, executable } = rightsOf(flags)
  return {
    virtual: (BigInt(page) << SHIFT) + add,
    physical: BigInt(physical),
    length: BigInt(pages) << SHIFT,
    pageSize: 2 ** shift,
    writable,
    user,
    executable,
    global: (flags & GLOBAL) !== 0,
    accessed: (flags & ACCESSED) !== 0,
    dirty: (flags & DIRTY) !== 0,
    accessible: (flags & NO_ACCESS) === 0,
  }
}
