import { ellipsized, printable, width } from './printable.js'
import { PLAIN_STYLE, type Style } from './style.js'

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => string | number
  readonly align?: 'right'
  /** Cut where the table is too wide: `end` keeps what a cell ends with. */
  readonly cut?: 'start' | 'end'
}

export interface TableOptions<Row> {
  /** Columns of the terminal; without it, nothing is cut. */
  readonly width?: number | undefined
  readonly style?: Style
  /** Rows that matter less. */
  readonly dim?: (row: Row) => boolean
}

/** Cells that may be cut keep so many columns. */
const SHORTEST_CUT = 6

/**
 * Rows under a line of titles. A table that is too wide for the terminal first
 * cuts its titles, then the columns that may be cut, and the last column gets what is left.
 */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  options: TableOptions<Row> = {},
): string {
  const { style = PLAIN_STYLE, dim } = options
  const cells = rows.map((row) => columns.map(({ cell }) => text(cell(row))))
  const layout = layOut(columns, cells, options.width)
  const lines = [
    style.bold(
      line(
        layout,
        columns.map(({ title }) => title),
      ),
    ),
  ]
  cells.forEach((row, i) => {
    const whole = line(layout, row)
    lines.push(dim?.(rows[i]!) ? style.dim(whole) : whole)
  })
  return `${lines.join('\n')}\n`
}

interface Laid {
  readonly width: number
  readonly align: 'right' | undefined
  readonly cut: 'start' | 'end' | undefined
  readonly last: boolean
}

function text(cell: string | number): string {
  return typeof cell === 'number' ? String(cell) : printable(cell)
}

function layOut<Row>(
  columns: readonly Column<Row>[],
  cells: readonly (readonly string[])[],
  limit: number | undefined,
): Laid[] {
  const needed = columns.map((_, i) => widest(cells, i))
  const wanted = columns.map(({ title }, i) => Math.max(width(title), needed[i]!))
  const least = columns.map(({ cut }, i) => {
    return cut === undefined ? needed[i]! : Math.min(needed[i]!, SHORTEST_CUT)
  })
  const widths = limit === undefined ? wanted : shrink(wanted, least, limit)
  return columns.map(({ align, cut }, i) => {
    return { width: widths[i]!, align, cut, last: i === columns.length - 1 }
  })
}

function widest(cells: readonly (readonly string[])[], column: number): number {
  let most = 1
  for (const row of cells) most = Math.max(most, width(row[column]!))
  return most
}

/** Takes from the widest column that can spare something, until all ellipsized or none can. */
function shrink(wanted: readonly number[], least: readonly number[], limit: number): number[] {
  const widths = [...wanted]
  const last = widths.length - 1
  // What the last column needs at all depends on nothing but what is left for it.
  const room = limit - (widths.length - 1)
  const spare = (i: number) => (i === last ? 0 : widths[i]! - least[i]!)
  const sum = () => widths.reduce((total, each) => total + each, 0)
  while (sum() > room) {
    const able = widths.map((_, i) => i).filter((i) => spare(i) > 0)
    if (able.length === 0) break
    widths[able.reduce((a, b) => (spare(b) > spare(a) ? b : a))]! -= 1
  }
  const before = sum() - widths[last]!
  widths[last] = Math.max(1, Math.min(widths[last]!, room - before))
  return widths
}

function line(layout: readonly Laid[], cells: readonly string[]): string {
  return layout.map((column, i) => padded(cells[i]!, column)).join(' ')
}

function padded(cell: string, { width: columns, align, cut, last }: Laid): string {
  const shown = width(cell) > columns ? ellipsized(cell, columns, cut) : cell
  if (last) return shown
  const space = ' '.repeat(columns - width(shown))
  return align === 'right' ? space + shown : shown + space
}
