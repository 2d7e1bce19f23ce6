import type { Btf } from '../btf.js'
import type { BtfStruct } from '../kinds.js'
import { type Gap, layOut, type MemberLayout, type StructLayout } from './layout.js'
import { plainName } from './plain_name.js'
import { declaration } from './type_name.js'

const CACHE_LINE = 64
const INDENT = '\t'
const TAB_WIDTH = 8
/** Comments line up, but not with declarations longer than this. */
const MAX_COLUMN = 64

/** A line of C, and a comment that stands beside all others. */
interface Line {
  readonly text: string
  readonly place?: string
}

/**
 * A struct or union as C, without a `;`: after each member its offset and size in bytes, of a
 * bit-field `offset:bit size` of its storage unit. Members of anonymous structs are printed in
 * place, with offsets from the start of the whole struct.
 */
export function printStruct(btf: Btf, struct: BtfStruct, name: string): string {
  const layout = layOut(btf, struct)
  const head = `${struct.kind} ${name === '' ? '' : `${name} `}{`
  const printer = new StructPrinter(btf)
  printer.members(layout, 1)
  return [head, ...printer.text(), ...summary(layout), '}'].join('\n')
}

class StructPrinter {
  private readonly lines: Line[] = []

  constructor(private readonly btf: Btf) {}

  members(layout: StructLayout, depth: number): void {
    let cacheLine = 0
    for (const member of layout.members) {
      this.gap(member.gap, depth)
      if (depth === 1 && layout.struct.kind === 'struct') {
        cacheLine = this.cacheLine(member.offset, cacheLine)
      }
      this.member(member, depth)
    }
    if (depth > 1) this.gap(layout.padding, depth, 'padding')
  }

  private member(at: MemberLayout, depth: number): void {
    const { member, inner } = at
    const bits = at.bitSize === undefined ? '' : `:${at.bitSize}`
    const code = member.name === '' ? '' : this.declare(member.type, member.name)
    if (inner === undefined) {
      this.line(depth, `${code || at.type}${bits};`, placeOf(at))
      return
    }
    const [before = '', after = ''] = code.split(/ \{\.\.\.\}(.*)/)
    this.line(depth, `${before || inner.struct.kind} {`)
    this.members(inner, depth + 1)
    this.line(depth, `}${after};`, placeOf(at))
  }

  private declare(type: number, name: string): string {
    return declaration(this.btf, type, plainName(name))
  }

  private gap({ bytes, bits }: Gap, depth: number, what = 'hole'): void {
    if (bits > 0) this.line(depth, `/* XXX ${count(bits, 'bit')} ${what} */`)
    if (bytes > 0) this.line(depth, `/* XXX ${count(bytes, 'byte')} ${what} */`)
  }

  /** Marks where a member crosses into another cache line. */
  private cacheLine(offset: number, last: number): number {
    const line = Math.floor(offset / CACHE_LINE)
    if (line === last) return last
    const ago = offset % CACHE_LINE
    const was = ago === 0 ? '' : ` was ${count(ago, 'byte')} ago`
    this.line(1, `/* --- cacheline ${line} boundary (${line * CACHE_LINE} bytes)${was} --- */`)
    return line
  }

  private line(depth: number, text: string, place?: string): void {
    this.lines.push({ text: INDENT.repeat(depth) + text, ...(place !== undefined && { place }) })
  }

  text(): string[] {
    let column = 0
    for (const { text, place } of this.lines) {
      if (place !== undefined) column = Math.max(column, Math.min(width(text), MAX_COLUMN))
    }
    return this.lines.map(({ text, place }) => {
      if (place === undefined) return text
      return `${text}${' '.repeat(Math.max(0, column - width(text)))} ${place}`
    })
  }
}

function placeOf({ offset, size, bitOffset }: MemberLayout): string {
  const bit = bitOffset === undefined ? '' : `:${String(bitOffset).padStart(2)}`
  const gap = ' '.repeat(Math.max(1, 6 - bit.length - String(size).length))
  return `/* ${String(offset).padStart(5)}${bit}${gap}${size} */`
}

/** Columns, a tab being {@link TAB_WIDTH} of them. */
function width(text: string): number {
  const tabs = text.lastIndexOf(INDENT) + 1
  return text.length + tabs * (TAB_WIDTH - 1)
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`
}

/** What a struct is made of, in comments; those of what it does not have are left out. */
function summary({ struct, members, padding }: StructLayout): string[] {
  const lines = [
    `size: ${struct.size}, cachelines: ${Math.ceil(struct.size / CACHE_LINE)}, members: ${members.length}`,
  ]
  if (struct.kind === 'struct') lines.push(...sums(members))
  if (padding.bytes > 0) lines.push(`padding: ${padding.bytes}`)
  if (padding.bits > 0) lines.push(`bit_padding: ${padding.bits} bits`)
  const last = struct.size % CACHE_LINE
  if (last > 0) lines.push(`last cacheline: ${last} bytes`)
  return ['', ...lines.map((line) => `${INDENT}/* ${line} */`)]
}

/** What members and holes make together; left out where there are no holes to tell apart. */
function* sums(members: readonly MemberLayout[]): Generator<string> {
  const bitFields = members.filter(({ bitSize }) => bitSize !== undefined)
  const holes = members.filter(({ gap }) => gap.bytes > 0)
  const bitHoles = members.filter(({ gap }) => gap.bits > 0)
  const size = total(members, (member) => (member.bitSize === undefined ? member.size : 0))
  const bits = total(bitFields, ({ bitSize }) => bitSize!)
  const holeSize = total(holes, ({ gap }) => gap.bytes)
  const holeBits = total(bitHoles, ({ gap }) => gap.bits)
  if (holes.length === 0 && bitHoles.length === 0) return
  if (size > 0) {
    const sum = `, holes: ${holes.length}, sum holes: ${holeSize}`
    yield `sum members: ${size}${holes.length > 0 ? sum : ''}`
  }
  if (bits > 0) {
    const sum = `, bit holes: ${bitHoles.length}, sum bit holes: ${holeBits} bits`
    yield `sum bitfield members: ${bits} bits${bitHoles.length > 0 ? sum : ''}`
  }
}

function total<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0)
}
