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
  const lines = new LineScanner(bytes, source)
  lines.scan()
  if (lines.count > 0 && !lines.anyAddress) {
    throw new PermissionError(
      'cannot tell where kernel symbols are',
      `${source} shows zeros for addresses, as the sysctl kernel.kptr_restrict demands`,
      'run as root (CAP_SYSLOG), with kernel.kptr_restrict at 0 or 1',
    )
  }
  return new KallsymsText(source, bytes, lines)
}

/**
 * The one pass over the text. It is most of what opening the symbols costs, so its functions are
 * small, which lets the JIT compiler finish early, and numbers are 32-bit halves.
 */
class LineScanner {
  count = 0
  anyAddress = false
  /** Where each name starts. */
  readonly names: Uint32Array
  readonly hashes: Uint32Array
  private readonly halves: Uint32Array
  private at = 0

  constructor(
    private readonly bytes: Uint8Array,
    private readonly source: string,
  ) {
    const most = Math.ceil(bytes.length / SHORTEST_LINE)
    this.names = new Uint32Array(most)
    this.hashes = new Uint32Array(most)
    this.halves = new Uint32Array(most * 2)
  }

  get addresses(): BigUint64Array {
    return new BigUint64Array(this.halves.buffer, 0, this.count)
  }

  scan(): void {
    while (this.at < this.bytes.length) {
      const start = this.at
      if (!this.scanAddress() || !this.scanName()) {
        throw new FormatError(this.source, start, 'a line is made of address, type and name')
      }
      this.count++
    }
  }

  private scanAddress(): boolean {
    const { bytes, at: start } = this
    let hi = 0
    let lo = 0
    let at = start
    for (let digit = DIGITS[bytes[at]!]!; digit < 16; digit = DIGITS[bytes[++at]!]!) {
      hi = (hi << 4) | (lo >>> 28)
      lo = (lo << 4) | digit
    }
    this.halves[2 * this.count + LOW] = lo
    this.halves[2 * this.count + HIGH] = hi
    if ((hi | lo) !== 0) this.anyAddress = true
    this.at = at
    return at > start && at <= start + 16 && bytes[at] === SPACE && bytes[at + 2] === SPACE
  }

  private scanName(): boolean {
    const { bytes } = this
    const start = this.at + 3
    let hash = EMPTY_HASH
    let at = start
    for (; bytes[at]! > SPACE; at++) hash = hashByte(hash, bytes[at]!)
    this.names[this.count] = start
    this.hashes[this.count] = hash
    const end = at
    while (at < bytes.length && bytes[at] !== NEWLINE) at++
    this.at = at + 1
    return end > start
  }
}

const LOW = HOST_LITTLE_ENDIAN ? 0 : 1
const HIGH = 1 - LOW

/** The value of each hexadecimal digit, and 16 for every other byte. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16)
  return Number.isNaN(digit) ? 16 : digit
})

class KallsymsText implements SymbolTable {
  readonly addresses: BigUint64Array
  private text: string | undefined

  constructor(
    readonly source: string,
    private readonly bytes: Uint8Array,
    private readonly lines: LineScanner,
  ) {
    this.addresses = lines.addresses
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
