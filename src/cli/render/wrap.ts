import { width } from './printable.js'

/** A line broken between words where it would be too wide; what follows is indented. */
export function wrap(text: string, columns: number | undefined, indent: number): string {
  if (columns === undefined || width(text) <= columns) return `${text}\n`
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<=\S) +(?=\S)/)) {
    if (line !== '' && width(line) + 1 + width(word) > columns) {
      lines.push(line)
      line = ' '.repeat(indent) + word
    } else {
      line += line === '' ? word : ` ${word}`
    }
  }
  return `${[...lines, line].join('\n')}\n`
}
