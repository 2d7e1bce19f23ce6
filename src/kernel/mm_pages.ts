import { type Census, type EntryClass, takeCensus } from '../memory/paging/census.js'
import type { Level } from '../memory/paging/mode.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { getMmRss } from './mm.js'
import { mmRoot } from './mm_root.js'
import { pteFlagNames } from './pte_flags.js'
import { pteToSwpEntry, type SwapEntry } from './swap_entry.js'
import { VM, vmFlags } from './vm_flags.js'
import { forEachVma } from './vma.js'
import { isHugeZeroPfn } from './zero_pfn.js'

/** What the page tables of an address space hold. */
export interface MmPages {
  /** By size in bytes; the smallest first. */
  readonly sizes: readonly { readonly size: number; readonly count: number }[]
  /** By flag, see {@link pteFlags}: how many entries have it, and how many bytes these map. */
  readonly flags: readonly {
    readonly name: string
    readonly count: number
    readonly bytes: number
  }[]
  /** Entries that are not present, by what they say. */
  readonly absent: readonly { readonly kind: SwapEntry['kind']; readonly count: number }[]
  readonly tables: Census['tables']
  /** Bytes that count as resident: pages of normal memory that are no hugetlb pages. */
  readonly resident: number
  /** What the kernel counts: the sum of {@link getMmRss}, in bytes. */
  readonly counted: number
  readonly hugetlb: number
  /** Pages that nobody counts: without a struct page, and those of zeroes. */
  readonly special: number
  readonly unreadable: number
  readonly repeated: number
}

/**
 * Walks every page that is mapped for a process and sums up. What the process maps and unmaps meanwhile is
 * counted or not.
 */
export function mmPages(kernel: Kernel, mm: UntypedView): MmPages {
  const { userMode } = kernel.pageTables
  const root = mmRoot(kernel, mm)
  const pgd = typeof root === 'bigint' ? root : root.user!
  const absent = new Map<SwapEntry['kind'], number>()
  let hugeZero = 0
  const end = 1n << BigInt(userMode.canonical.signBit)
  const census = takeCensus(userMode, kernel.physical, pgd, 0n, end, {
    onAbsent: (_, entry) => {
      const kind = pteToSwpEntry(kernel, entry)?.kind
      if (kind !== undefined) absent.set(kind, (absent.get(kind) ?? 0) + 1)
    },
    onLarge: (level, physical, bits) => {
      const counts = !isSpecial(kernel, level, bits) && isHugeZeroPfn(kernel, physical >> 12n)
      if (counts) hugeZero += 2 ** level.shift
    },
  })
  const all = bytesOf(census.classes)
  const special = bytesOf(
    census.classes.filter(({ level, bits }) => isSpecial(kernel, level, bits)),
  )
  const reserved = hugetlbVmas(kernel, mm).reduce((sum, { start, end }) => {
    return sum + bytesOf(takeCensus(userMode, kernel.physical, pgd, start, end).classes)
  }, 0)
  return {
    sizes: sizesOf(census.classes),
    flags: flagsOf(kernel, census.classes),
    absent: [...absent].map(([kind, count]) => ({ kind, count })),
    tables: census.tables,
    resident: all - special - hugeZero - reserved,
    counted: Number(getMmRss(kernel, mm)) * 4096,
    hugetlb: reserved,
    special: special + hugeZero,
    unreadable: census.unreadable,
    repeated: census.repeated,
  }
}

function hugetlbVmas(kernel: Kernel, mm: UntypedView): { start: bigint; end: bigint }[] {
  const found: { start: bigint; end: bigint }[] = []
  for (const vma of forEachVma(kernel, mm)) {
    if ((vmFlags(vma) & VM.VM_HUGETLB) === 0n) continue
    found.push({ start: vma.vm_start, end: vma.vm_end })
  }
  return found
}

const bytesIn = ({ level, count }: EntryClass) => count * 2 ** level.shift

const bytesOf = (classes: readonly EntryClass[]) => {
  return classes.reduce((sum, each) => sum + bytesIn(each), 0)
}

/** `pte_special()`, and `pmd_special()` of Linux 6.12: vm_normal_page() has none for it. */
function isSpecial(kernel: Kernel, level: Level, bits: bigint): boolean {
  return pteFlagNames(kernel, bits, level.name, 'page').includes('special')
}

function sizesOf(classes: readonly EntryClass[]) {
  const sizes = new Map<number, number>()
  for (const { level, count } of classes) {
    sizes.set(2 ** level.shift, (sizes.get(2 ** level.shift) ?? 0) + count)
  }
  return [...sizes].map(([size, count]) => ({ size, count })).sort((a, b) => a.size - b.size)
}

function flagsOf(kernel: Kernel, classes: readonly EntryClass[]) {
  const flags = new Map<string, { name: string; count: number; bytes: number }>()
  for (const each of classes) {
    for (const name of pteFlagNames(kernel, each.bits, each.level.name, each.kind)) {
      const flag = flags.get(name) ?? { name, count: 0, bytes: 0 }
      flag.count += each.count
      flag.bytes += bytesIn(each)
      flags.set(name, flag)
    }
  }
  return [...flags.values()].sort((a, b) => b.bytes - a.bytes)
}
