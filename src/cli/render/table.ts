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
  const titles = columns.map(({ title }, i) => title.slice(0, layout[i]!.width))
  const lines = [style.bold(line(layout, titles))]
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
  const widths = limit === undefined ? wanted : fitted(wanted, [needed, least], limit)
  return columns.map(({ align, cut }, i) => {
    return { width: widths[i]!, align, cut, last: i === columns.length - 1 }
  })
}

function widest(cells: readonly (readonly string[])[], column: number): number {
  let most = 1
  for (const row of cells) most = Math.max(most, width(row[column]!))
  return most
}

/** Shrinks the columns to one set of least widths after the other, and the last one at last. */
function fitted(
  wanted: readonly number[],
  floors: readonly (readonly number[])[],
  limit: number,
): number[] {
  const room = limit - (wanted.length - 1)
  const widths = floors.reduce((before, floor) => shrink(before, floor, room), wanted).slice()
  const last = widths.pop()!
  return [...widths, Math.max(1, Math.min(last, room - sum(widths)))]
}

/** Takes from the column that can spare most, but never the last, until all fit or none can. */
function shrink(widths: readonly number[], floor: readonly number[], room: number): number[] {
  const shrunk = [...widths]
  for (let excess = sum(widths) - room; excess > 0; excess--) {
    const spare = shrunk.slice(0, -1).map((each, i) => each - floor[i]!)
    const most = Math.max(0, ...spare)
    if (most === 0) break
    shrunk[spare.indexOf(most)]! -= 1
  }
  return shrunk
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

function line(layout: readonly Laid[], cells: readonly string[]): string {
  return layout.map((column, i) => padded(cells[i]!, column)).join(' ')
}

function padded(cell: string, { width: columns, align, cut, last }: Laid): string {
  const shown = width(cell) > columns ? ellipsized(cell, columns, cut) : cell
  if (last) return shown
  const space = ' '.repeat(columns - width(shown))
  return align === 'right' ? space + shown : shown + space
}
