type Paint = (text: string) => string

/** What is set apart by colour or weight. */
export interface Style {
  readonly bold: Paint
  readonly dim: Paint
  readonly green: Paint
  readonly red: Paint
  readonly yellow: Paint
  readonly blue: Paint
  readonly magenta: Paint
  readonly cyan: Paint
}

const same: Paint = (text) => text

export const PLAIN_STYLE: Style = {
  bold: same,
  dim: same,
  green: same,
  red: same,
  yellow: same,
  blue: same,
  magenta: same,
  cyan: same,
}

export async function colorStyle(): Promise<Style> {
  const { default: picocolors } = await import('picocolors')
  return picocolors.createColors(true)
}
