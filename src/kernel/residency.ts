import { FaultError } from '../errors.js'
import { readBytes } from '../memory/memory.js'
import { forEachTable, type Table } from '../memory/paging/each_table.js'
import { kindOf, targetOf } from '../memory/paging/entry.js'
import type { Skipped } from '../memory/paging/mappings.js'
import type { LevelName, PagingMode } from '../memory/paging/mode.js'
import { walk } from '../memory/paging/walk.js'
import type { UntypedView } from '../object/kernel_types.js'
import { type AbsentEntry, absentEntryReader } from './absent_entry.js'
import { kernelImageMap } from './image_map.js'
import type { Kernel } from './kernel.js'
import { isLinux } from './version.js'
import { VM } from './vm_flags.js'

/** What a process has of one mapping; in bytes. */
export interface VmaResidency {
  /** `Rss:` of /proc/PID/smaps: pages in memory, except those of hugetlb. */
  readonly resident: number
  /** Pages in swap that an entry tells of; see {@link vmaResidency} for shared memory. */
  readonly swapped: number
  /** What {@link resident} is mapped by entries above the last level: transparent huge pages. */
  readonly huge: number
  /** Pages of hugetlb, which count as nothing else. */
  readonly hugetlb: number
  /** What is mapped and has no page of its own: the zero page, a device's memory, the vvar page. */
  readonly special: number
  /** Pages made inaccessible by MADV_GUARD_INSTALL. */
  readonly guard: number
}

export interface Residency {
  /** One for each mapping that was given, in their order. */
  readonly vmas: readonly VmaResidency[]
  /** The same of what is in none of them: what was mapped or unmapped meanwhile. */
  readonly outside: VmaResidency
  /** Page tables of the user half, from the PGD down; each takes up a page of its own. */
  readonly tables: ReadonlyMap<LevelName, number>
  /** What could not be looked at. */
  readonly skipped: readonly Skipped[]
}

/** A mapping's addresses; {@link VmaSummary} is one. */
export interface VmaRange {
  readonly start: bigint
  readonly end: bigint
  /** `vm_flags` */
  readonly flags: bigint
}

const UNIT_SHIFT = 12n
const UNIT = 2 ** Number(UNIT_SHIFT)

/**
 * How much of each mapping of an address space is in memory and in swap, by one walk through its page
 * tables as they are now (`smap_gather_stats()` walks once for each mapping). `vmas` are in ascending order,
 * as {@link listVmas} gives them.
 *
 * The amounts are those of /proc/PID/smaps of a process that does not run, with two exceptions. `Swap:`
 * of shared memory there counts what the file has in swap, of which page tables say nothing. And a page
 * that a private mapping of a device (VM_PFNMAP) got of its own by writing counts here, as in VmRSS.
 */
export function vmaResidency(
  kernel: Kernel,
  mm: UntypedView,
  vmas: readonly VmaRange[],
): Residency {
  const { userMode: mode } = kernel.pageTables
  const counter = new Counter(kernel, mode, vmas)
  const skipped: Skipped[] = []
  const tables = new Map<LevelName, number>(mode.levels.map(({ name }) => [name, 0]))
  const end = 2 ** (mode.canonical.signBit - Number(UNIT_SHIFT))
  const root = pgdPhysical(kernel, mm)
  for (const table of forEachTable(mode, kernel.physical, root, 0, end, (s) => skipped.push(s))) {
    const { name } = table.level
    tables.set(name, tables.get(name)! + 1)
    counter.count(table)
  }
  return { ...counter.result(), tables, skipped }
}

/** Where `mm->pgd` is in physical memory. Throws {@link FaultError}. */
export function pgdPhysical(kernel: Kernel, mm: UntypedView): bigint {
  const { mode, root } = kernel.pageTables
  const pgd: bigint = mm.pgd.$address
  const { end } = walk(mode, kernel.physical, root, pgd)
  if (end.kind === 'page') return end.physical
  throw new FaultError(
    pgd,
    'the page table of the process is not mapped',
    'the process may be gone',
  )
}

/** What an entry maps, as one of the amounts of a {@link VmaResidency}. */
const KINDS = ['resident', 'swapped', 'huge', 'hugetlb', 'special', 'guard'] as const
const RESIDENT = 0
const SWAPPED = 1
const HUGE = 2
const HUGETLB = 3
const SPECIAL = 4
const GUARD = 5
const NOTHING = -1

/** Software bits of entries: `_PAGE_SPECIAL` of x86-64, PTE_SPECIAL of arm64. */
const SPECIAL_BITS = { x86_64: { low: 1 << 9, high: 0 }, aarch64: { low: 0, high: 1 << 24 } }

const UNTOUCHED: VmaResidency = Object.freeze({
  resident: 0,
  swapped: 0,
  huge: 0,
  hugetlb: 0,
  special: 0,
  guard: 0,
})

class Counter {
  /** Units of 4 KiB. */
  private readonly starts: Float64Array
  private readonly ends: Float64Array
  /** In the same, one of each kind for each mapping; the last ones are for what is in none. */
  private readonly amounts: Float64Array
  private readonly isHugetlb: Uint8Array
  private readonly special: { readonly low: number; readonly high: number }
  private readonly absent: (low: number, high: number) => AbsentEntry
  private readonly hugeZero: number

  constructor(
    kernel: Kernel,
    private readonly mode: PagingMode,
    vmas: readonly VmaRange[],
  ) {
    const { machine } = kernelImageMap(kernel.vmcoreinfo)
    this.starts = Float64Array.from(vmas, ({ start }) => Number(start >> UNIT_SHIFT))
    this.ends = Float64Array.from(vmas, ({ end }) => Number(end >> UNIT_SHIFT))
    this.isHugetlb = Uint8Array.from(vmas, ({ flags }) => ((flags & VM.VM_HUGETLB) === 0n ? 0 : 1))
    this.amounts = new Float64Array((vmas.length + 1) * KINDS.length)
    this.special = SPECIAL_BITS[machine]
    this.absent = absentEntryReader(kernel, machine)
    this.hugeZero = hugeZeroPage(kernel)
  }

  /** Adds what the entries of a table map by themselves. */
  count({ level, entries, page, units, first, end }: Table): void {
    const wide = this.mode.entrySize === 8
    let vma = this.firstBehind(page + first * units)
    for (let index = first; index < end; index++) {
      const low = wide ? entries.getUint32(index * 8, true) : entries.getUint32(index * 4, true)
      const high = wide ? entries.getUint32(index * 8 + 4, true) : 0
      if (low === 0 && high === 0) continue
      const at = page + index * units
      while (vma < this.ends.length && this.ends[vma]! <= at) vma++
      const inside = vma < this.starts.length && this.starts[vma]! <= at
      this.add(inside ? vma : this.ends.length, level, low, high, units)
    }
  }

  /** The first mapping that ends behind a page. */
  private firstBehind(page: number): number {
    let [from, to] = [0, this.ends.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (this.ends[middle]! <= page) from = middle + 1
      else to = middle
    }
    return from
  }

  private add(vma: number, level: Table['level'], low: number, high: number, units: number): void {
    const kind = this.kindOf(level, low, high)
    if (kind === NOTHING) return
    const base = vma * KINDS.length
    const isPage = kind === RESIDENT || kind === HUGE
    if (isPage && this.isHugetlb[vma] === 1) {
      this.amounts[base + HUGETLB]! += units
      return
    }
    this.amounts[base + kind]! += units
    if (kind === HUGE) this.amounts[base + RESIDENT]! += units
  }

  private kindOf(level: Table['level'], low: number, high: number): number {
    const shape = kindOf(level, low, high)
    if (shape === 'reserved' || shape === level.table) return NOTHING
    if (shape === 'not present') return this.absentKind(low, high)
    if ((low & this.special.low) !== 0 || (high & this.special.high) !== 0) return SPECIAL
    if (level.table === undefined) return RESIDENT
    return targetOf(shape, low, high) === this.hugeZero ? SPECIAL : HUGE
  }

  private absentKind(low: number, high: number): number {
    switch (this.absent(low, high)) {
      case 'swap':
        return SWAPPED
      case 'page':
        return RESIDENT
      case 'guard':
        return GUARD
      case 'marker':
        return NOTHING
    }
  }

  result(): Pick<Residency, 'vmas' | 'outside'> {
    const all = Array.from({ length: this.ends.length + 1 }, (_, i) => this.amountsOf(i))
    return { vmas: all.slice(0, -1), outside: all.at(-1)! }
  }

  private amountsOf(vma: number): VmaResidency {
    const base = vma * KINDS.length
    // Of very many mappings, most have never been touched.
    const end = base + KINDS.length
    if (this.amounts.subarray(base, end).every((amount) => amount === 0)) return UNTOUCHED
    const amount = (kind: number) => this.amounts[base + kind]! * UNIT
    return {
      resident: amount(RESIDENT),
      swapped: amount(SWAPPED),
      huge: amount(HUGE),
      hugetlb: amount(HUGETLB),
      special: amount(SPECIAL),
      guard: amount(GUARD),
    }
  }
}

/**
 * The physical address of the huge page of zeros that reads of untouched memory share, by the symbol
 * `huge_zero_pfn`; where it is not known, or there is none, what no entry has. Since Linux 6.18 (seen
 * there) its entries are special as those of the small one.
 */
function hugeZeroPage(kernel: Kernel): number {
  if (isLinux(kernel, 6, 18)) return NOTHING
  const address = kernel.symbols.find('huge_zero_pfn')?.address
  if (address === undefined) return NOTHING
  const bytes = readBytes(kernel.memory, address, 8)
  const pfn = new DataView(bytes.buffer).getBigUint64(0, kernel.types.littleEndian)
  return Number(pfn << UNIT_SHIFT)
}
