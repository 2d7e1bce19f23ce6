import type { AddressPart, AddressParts } from '../../memory/paging/address_parts.js'

/**
 * The bits of an address in boxes: numbers of the uppermost and lowest bit of each above, what they are
 * for and their value below, as a textbook draws it.
 */
export function drawAddress({ parts }: AddressParts, address: bigint): string {
  const cells = parts.map((part) => cellOf(part, address))
  const row = (pick: (cell: Cell) => string) => {
    return cells
      .map((cell) => centred(pick(cell), cell.width))
      .join(' ')
      .trimEnd()
  }
  const rule = (left: string, between: string, right: string) => {
    return `${left}${cells.map(({ width }) => '─'.repeat(width)).join(between)}${right}`
  }
  const lines = [
    ` ${cells.map(numbers).join(' ')}`,
    rule('┌', '┬', '┐'),
    `│${cells.map(({ bits, width }) => centred(bits, width)).join('│')}│`,
    rule('└', '┴', '┘'),
    ` ${row(({ part }) => part.name)}`,
    ` ${row(({ value }) => value)}`,
  ]
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

interface Cell {
  readonly part: AddressPart
  readonly bits: string
  readonly value: string
  readonly width: number
}

function cellOf(part: AddressPart, address: bigint): Cell {
  const { from, to, name, value } = part
  const count = from - to + 1
  const field = (address >> BigInt(to)) & ((1n << BigInt(count)) - 1n)
  const bits = field.toString(2).padStart(count, '0')
  const shown = name === 'offset' ? `0x${value.toString(16)}` : name === 'sign' ? '' : `${value}`
  const ends = from === to ? `${from}`.length : `${from} ${to}`.length
  return { part, bits, value: shown, width: Math.max(count, name.length, shown.length, ends) }
}

function numbers({ part: { from, to }, width }: Cell): string {
  if (from === to) return `${from}`.padEnd(width)
  return `${from}`.padEnd(width - `${to}`.length) + to
}

function centred(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2)
  return ' '.repeat(left) + text + ' '.repeat(width - text.length - left)
}
