import { sizeText } from '../../bytes/size_text.js'
import type { Page } from '../terminal.js'
import { labelled } from './labelled.js'
import { type Column, table } from './table.js'

export interface ShownLayout {
  readonly title: string
  readonly release: string | null
  readonly mode: string | null
  /** From the top down. */
  readonly regions: readonly ShownRegion[]
}

export interface ShownRegion {
  readonly name: string
  readonly kind: 'user' | 'kernel' | 'unused' | 'hole'
  readonly macro: string | null
  readonly first: string
  readonly last: string
  /** In bytes; null where it would tell an address that is not to be seen. */
  readonly size: bigint | null
  /** Bytes that the kernel's page tables map; null where they were not asked. */
  readonly mapped: bigint | null
  /** Why more may be mapped. */
  readonly incomplete: string | null
  readonly how: string
}

/** Terminals as wide as this have room for the names in the sources. */
const WIDE = 100
/** And these for how each row is known. */
const VERY_WIDE = 130

/** The regions as a table, the highest addresses first. */
export function layoutText({ title, mode, regions }: ShownLayout, page: Page): string {
  const { width = Number.POSITIVE_INFINITY, style } = page
  const columns: Column<ShownRegion>[] = [
    { title: 'FIRST', cut: 'end', cell: ({ first }) => first },
    { title: 'LAST', cut: 'end', cell: ({ last }) => last },
    { title: 'SIZE', align: 'right', cell: ({ size }) => (size === null ? '?' : sizeText(size)) },
    ...(mode === null ? [MAPPED] : []),
    { title: 'REGION', cell: ({ name }) => name },
    ...(width >= WIDE ? [MACRO] : []),
    ...(width >= VERY_WIDE ? [HOW] : []),
  ]
  const dim = ({ kind }: ShownRegion) => kind === 'unused' || kind === 'hole'
  return `${labelled('', title, page.width)}\n${table(regions, columns, { width: page.width, style, dim })}`
}

const MAPPED: Column<ShownRegion> = {
  title: 'MAPPED',
  align: 'right',
  cell: ({ kind, mapped, incomplete }) => {
    if (mapped === null || (kind === 'unused' && mapped === 0n)) return ''
    return incomplete === null ? sizeText(mapped) : `>${sizeText(mapped)}`
  },
}

const MACRO: Column<ShownRegion> = { title: 'STARTS AT', cell: ({ macro }) => macro ?? '' }

const HOW: Column<ShownRegion> = { title: 'HOW IT IS KNOWN', cell: ({ how }) => how }
