import { width } from './printable.js'

/** A label, and a text in lines that are broken between words where they would be too wide. */
export function labelled(label: string, text: string, columns: number | undefined): string {
  const lines: string[] = []
  let line = label
  for (const word of text.split(' ')) {
    const isFirst = line.length === label.length
    if (!isFirst && columns !== undefined && width(line) + 1 + width(word) > columns) {
      lines.push(line)
      line = ' '.repeat(label.length) + word
    } else {
      line += isFirst ? word : ` ${word}`
    }
  }
  return `${[...lines, line].join('\n')}\n`
}
