import { colorStyle, PLAIN_STYLE, type Style } from './render/style.js'

export interface Page {
  /** Columns of the terminal; undefined where standard output is none: nothing is cut then. */
  readonly width: number | undefined
  readonly style: Style
}

export const isTerminal = (): boolean => process.stdout.isTTY === true

/** The terminal's size; one that does not know its own gets the usual 80 by 24. */
export function terminalSize(): { columns: number; rows: number } {
  const { columns, rows } = process.stdout
  return { columns: columns || 80, rows: rows || 24 }
}

/** How text is laid out on standard output. NO_COLOR is the convention of no-color.org. */
export async function outputPage(color: boolean): Promise<Page> {
  if (!isTerminal()) return { width: undefined, style: PLAIN_STYLE }
  const { NO_COLOR, TERM } = process.env
  const painted = color && !NO_COLOR && TERM !== 'dumb'
  const style = painted ? await colorStyle() : PLAIN_STYLE
  return { width: terminalSize().columns, style }
}
