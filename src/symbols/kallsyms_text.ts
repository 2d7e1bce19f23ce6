import { HOST_LITTLE_ENDIAN } from '../bytes/byte_order.js'
import { EMPTY_HASH, hashByte } from '../bytes/name_index.js'
import { textOf } from '../bytes/text.js'
import { FormatError, PermissionError } from '../errors.js'
import type { SymbolTable } from './table.js'

const TAB = 0x09
const NEWLINE = 0x0a
const SPACE = 0x20

/** No line is shorter: an address, a type, a name of one character. */
const SHORTEST_LINE = '0 t x\n'.length

/**
 * Parses what /proc/kallsyms says: lines of address, type, name and, after a tab, the module in
 * brackets. System.map has the same form. Throws {@link FormatError} for any other text, and
 * {@link PermissionError} where the kernel hides the addresses: it then prints zeros.
 */
export function parseKallsyms(text: Uint8Array | string, source = '/proc/kallsyms'): SymbolTable {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const lines = scanLines(bytes, source)
  if (lines.hidden) {
    throw new PermissionError(
      'cannot tell where kernel symbols are',
      `${source} shows zeros for addresses, as the sysctl kernel.kptr_restrict demands`,
      'run as root (CAP_SYSLOG), with kernel.kptr_restrict at 0 or 1',
    )
  }
  return new KallsymsText(source, bytes, lines)
}

interface Lines {
  readonly addresses: BigUint64Array
  /** Where each name starts. */
  readonly names: Uint32Array
  readonly hashes: Uint32Array
  /** Whether there are symbols, and all their addresses are zero. */
  readonly hidden: boolean
}

/** One pass over the text, which is most of what opening the symbols costs. */
function scanLines(bytes: Uint8Array, source: string): Lines {
  const most = Math.ceil(bytes.length / SHORTEST_LINE)
  const halves = new Uint32Array(most * 2)
  const names = new Uint32Array(most)
  const hashes = new Uint32Array(most)
  const low = HOST_LITTLE_ENDIAN ? 0 : 1
  let count = 0
  let anyAddress = 0
  let at = 0
  while (at < bytes.length) {
    const start = at
    let hi = 0
    let lo = 0
    for (let digit = DIGITS[bytes[at]!]!; digit < 16; digit = DIGITS[bytes[++at]!]!) {
      hi = (hi << 4) | (lo >>> 28)
      lo = (lo << 4) | digit
    }
    const name = at + 3
    if (at === start || at > start + 16 || bytes[at] !== SPACE || bytes[at + 2] !== SPACE) {
      throw new FormatError(source, start, 'a line is made of address, type and name')
    }
    let hash = EMPTY_HASH
    for (at = name; at < bytes.length && bytes[at]! > SPACE; at++) hash = hashByte(hash, bytes[at]!)
    if (at === name) throw new FormatError(source, start, 'a symbol has a name')
    while (at < bytes.length && bytes[at] !== NEWLINE) at++
    at++
    halves[2 * count + low] = lo
    halves[2 * count + 1 - low] = hi
    names[count] = name
    hashes[count++] = hash
    anyAddress |= hi | lo
  }
  return {
    addresses: new BigUint64Array(halves.buffer, 0, count),
    names: names.subarray(0, count),
    hashes: hashes.subarray(0, count),
    hidden: count > 0 && anyAddress === 0,
  }
}

/** The value of each hexadecimal digit, and 16 for every other byte. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16)
  return Number.isNaN(digit) ? 16 : digit
})

class KallsymsText implements SymbolTable {
  private text: string | undefined

  constructor(
    readonly source: string,
    private readonly bytes: Uint8Array,
    private readonly lines: Lines,
  ) {}

  get addresses(): BigUint64Array {
    return this.lines.addresses
  }

  nameAt(position: number): string {
    const start = this.lines.names[position]!
    this.text ??= textOf(this.bytes)
    return this.text.slice(start, this.endOfName(start))
  }

  nameHashAt(position: number): number {
    return this.lines.hashes[position]!
  }

  typeAt(position: number): string {
    return String.fromCharCode(this.bytes[this.lines.names[position]! - 2]!)
  }

  moduleAt(position: number): string | undefined {
    const tab = this.endOfName(this.lines.names[position]!)
    if (this.bytes[tab] !== TAB) return undefined
    this.text ??= textOf(this.bytes)
    const end = this.text.indexOf('\n', tab)
    return this.text.slice(tab + 1, end === -1 ? undefined : end).replace(/^\[(.*)\]$/, '$1')
  }

  private endOfName(start: number): number {
    let end = start
    while (end < this.bytes.length && this.bytes[end]! > SPACE) end++
    return end
  }
}
