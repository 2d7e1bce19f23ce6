import type { MmPages } from '../../kernel/mm_pages.js'
import { printable } from './printable.js'
import { sizeText } from './size_text.js'
import { table } from './table.js'

export interface ShownPages extends MmPages {
  readonly pid: number
  readonly comm: string
  readonly mode: string
}

/** What the page tables of a process hold, summed up. */
export function pagesAsText(pages: ShownPages): string {
  const { pid, comm, mode, sizes, flags, absent, tables, resident, counted } = pages
  const sum = sizes.reduce((sum, { size, count }) => sum + size * count, 0)
  const bySize = sizes.map(({ size, count }) => `${count} of ${sizeText(size)}`)
  const byLevel = tables.map(({ level, count }) => `${count} ${level}`)
  const inTables = tables.reduce((sum, { count }) => sum + count, 0) * 4
  const gone = absent.map(({ kind, count }) => `${count} ${kind}`)
  const lines = [
    `${pid} (${printable(comm)}), ${mode}`,
    `pages     ${bySize.join(', ') || 'none'}: ${kib(sum)}`,
    `tables    ${byLevel.join(', ')}: ${inTables} KiB`,
    ...(gone.length > 0 ? [`absent    ${gone.join(', ')}`] : []),
    `resident  ${kib(resident)} as walked, ${kib(counted)} as the kernel counts`,
    ...(pages.hugetlb > 0 ? [`hugetlb   ${kib(pages.hugetlb)}, which are not resident`] : []),
    ...(pages.special > 0 ? [`special   ${kib(pages.special)}, which nobody counts`] : []),
    ...troubles(pages),
  ]
  const columns = [
    { title: 'FLAG', cell: ({ name }: Flag) => name },
    { title: 'PAGES', cell: ({ count }: Flag) => count, align: 'right' },
    { title: 'SIZE', cell: ({ bytes }: Flag) => kib(bytes), align: 'right' },
  ] as const
  return `${lines.join('\n')}\n\n${table(flags, columns)}`
}

type Flag = MmPages['flags'][number]

const kib = (bytes: number) => `${bytes / 1024} KiB`

function troubles({ unreadable, repeated }: ShownPages): string[] {
  return [
    ...(unreadable > 0 ? [`left out  ${unreadable} tables that cannot be read`] : []),
    ...(repeated > 0 ? [`left out  ${repeated} tables that others lead to as well`] : []),
  ]
}
