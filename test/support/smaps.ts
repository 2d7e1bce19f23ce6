import type { Residency, VmaRange } from '../../src/kernel/residency.js'

/** The amounts of one mapping in /proc/PID/smaps, in kB; `range` is its addresses in hexadecimal. */
export interface SmapsEntry {
  readonly range: string
  readonly amounts: ReadonlyMap<string, number>
}

export function parseSmaps(text: string): SmapsEntry[] {
  const entries: { range: string; amounts: Map<string, number> }[] = []
  for (const line of text.split('\n')) {
    const range = /^[0-9a-f]+-[0-9a-f]+(?= )/.exec(line)?.[0]
    if (range !== undefined) entries.push({ range, amounts: new Map() })
    const [, name, amount] = /^(\w+): +(\d+) kB$/.exec(line) ?? []
    if (name !== undefined) entries.at(-1)!.amounts.set(name, Number(amount))
  }
  return entries
}

/** What smaps shows of the amounts that a walk finds, and what a walk found, a line each. */
export function smapsLines(entries: readonly SmapsEntry[]): string[] {
  const own = entries.filter(({ range }) => !range.startsWith('ffffffffff600000'))
  return own.map(({ range, amounts }) => {
    const kB = (...names: string[]) => {
      return names.reduce((sum, name) => sum + (amounts.get(name) ?? 0), 0)
    }
    const huge = kB('AnonHugePages', 'ShmemPmdMapped', 'FilePmdMapped')
    const hugetlb = kB('Shared_Hugetlb', 'Private_Hugetlb')
    return `${range} rss ${kB('Rss')} swap ${kB('Swap')} huge ${huge} hugetlb ${hugetlb}`
  })
}

export function residencyLines(ranges: readonly VmaRange[], { vmas }: Residency): string[] {
  return ranges.map(({ start, end }, i) => {
    const { resident, swapped, huge, hugetlb } = vmas[i]!
    const range = `${start.toString(16).padStart(8, '0')}-${end.toString(16).padStart(8, '0')}`
    const kB = (bytes: number) => bytes / 1024
    return `${range} rss ${kB(resident)} swap ${kB(swapped)} huge ${kB(huge)} hugetlb ${kB(hugetlb)}`
  })
}
