import { expect, test } from 'vitest'
import { pfnToPage } from '../../src/kernel/mem_section.js'
import { type PageInfo, pageInfo } from '../../src/kernel/page_info.js'
import { openLive } from '../../src/live/open_live.js'
import { describeLive } from '../support/live.js'
import { readWords } from '../support/pagemap.js'
import { procText } from '../support/proc.js'

/** Bits of /proc/kpageflags (include/uapi/linux/kernel-page-flags.h), by what the struct page calls them. */
const FLAGS = [
  [0, 'locked'],
  [2, 'referenced'],
  [3, 'uptodate'],
  [4, 'dirty'],
  [5, 'lru'],
  [6, 'active'],
  [8, 'writeback'],
  [14, 'swapbacked'],
  [18, 'unevictable'],
] as const

const SLAB = 7n
const BUDDY = 10n
const ANON = 12n
const COMPOUND_HEAD = 15n
const COMPOUND_TAIL = 16n
const HUGE = 17n
const NOPAGE = 20n
const ZERO_PAGE = 24n
const PGTABLE = 26n

interface Look {
  readonly pfn: bigint
  readonly flags: bigint
  readonly count: bigint
}

/** What the kernel says of these page frames. */
function look(pfns: readonly bigint[]): Look[] {
  return pfns.map((pfn) => ({
    pfn,
    flags: readWords('/proc/kpageflags', pfn, 1)[0]!,
    count: readWords('/proc/kpagecount', pfn, 1)[0]!,
  }))
}

/** Page frames from all of RAM. */
function someFrames(): bigint[] {
  const ram = [...procText('iomem')!.matchAll(/^(\w+)-(\w+) : System RAM$/gm)]
  return ram.flatMap(([, first, last]) => {
    const [start, end] = [BigInt(`0x${first}`) >> 12n, BigInt(`0x${last}`) >> 12n]
    const count = 4000n
    const step = (end - start) / count || 1n
    const frames: bigint[] = []
    for (let pfn = start; pfn < end; pfn += step) frames.push(pfn)
    return frames
  })
}

/** Where what the kernel says of a page frame and what its struct page says differ. */
function differences({ flags, count }: Look, info: PageInfo | undefined): string[] {
  const has = (bit: bigint) => ((flags >> bit) & 1n) === 1n
  if (info === undefined) return has(NOPAGE) ? [] : ['no struct page']
  const { owner, compound } = info
  const isTail = compound !== undefined && compound.head !== info.page
  const pairs: [string, unknown, unknown][] = [
    ['slab', has(SLAB), owner.kind === 'slab'],
    ['page table', has(PGTABLE), owner.kind === 'page table'],
    ['zero', has(ZERO_PAGE), owner.kind === 'zero page' || owner.kind === 'huge zero page'],
    // What a slab has in the place of the mapping, the kernel takes for one.
    ['anonymous', has(ANON) && !has(SLAB), owner.kind === 'anonymous' || owner.kind === 'ksm'],
    ['free', has(BUDDY), owner.kind === 'free'],
    ['hugetlb', has(HUGE), owner.kind === 'hugetlb'],
    ['tail', has(COMPOUND_TAIL), isTail],
    ['head', has(COMPOUND_HEAD), compound !== undefined && !isTail],
    ...FLAGS.map(([bit, name]): [string, unknown, unknown] => {
      return [name, has(BigInt(bit)), info.flags.includes(name)]
    }),
    ['mapcount', Number(count), info.mapcount],
  ]
  return pairs.filter(([, theirs, ours]) => theirs !== ours).map(([name]) => name)
}

describeLive('struct pages', () => {
  test('say what /proc/kpageflags and /proc/kpagecount say', () => {
    using kernel = openLive()
    const frames = someFrames()
    expect(frames.length).toBeGreaterThan(4000)
    const kinds = new Map<string, number>()
    let steady = 0
    const wrong: string[] = []
    for (const pfn of frames) {
      const [before] = look([pfn])
      kernel.drop()
      const info = pageInfo(kernel, pfn)
      const [after] = look([pfn])
      // What changed meanwhile cannot be compared.
      if (before!.flags !== after!.flags || before!.count !== after!.count) continue
      steady++
      const kind = info?.owner.kind ?? 'none'
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
      const names = differences(before!, info)
      if (names.length > 0) wrong.push(`${pfn.toString(16)} ${kind}: ${names}`)
    }
    expect(wrong.slice(0, 20)).toEqual([])
    expect(steady).toBeGreaterThan(frames.length * 0.9)
    expect([...kinds.keys()]).toEqual(
      expect.arrayContaining(['anonymous', 'file', 'slab', 'page table', 'free', 'reserved']),
    )
  })

  test('are not there for memory of devices', () => {
    using kernel = openLive()
    // The local APIC, and what is behind all RAM.
    expect(pfnToPage(kernel, 0xfee00n)).toBeUndefined()
    expect(pfnToPage(kernel, 1n << 40n)).toBeUndefined()
  })
})
