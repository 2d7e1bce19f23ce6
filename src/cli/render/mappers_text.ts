import { hex } from '../../bytes/hex.js'
import type { PageMapper } from '../../kernel/rmap.js'
import { table } from './table.js'

/** Which processes map a page, and where. */
export function mappersAsText(mappers: readonly PageMapper[]): string {
  if (mappers.length === 0) return 'no process maps this page frame\n'
  return table(mappers, [
    { title: 'PID', cell: ({ pid }) => pid, align: 'right' },
    { title: 'ADDRESS', cell: ({ address }) => hex(address), align: 'right' },
    { title: 'COMMAND', cell: ({ comm }) => comm },
  ])
}
