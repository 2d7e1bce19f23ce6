import { vmPermissions } from '../../kernel/vm_flags.js'
import type { Page } from '../terminal.js'
import { addressShower, isKernelAddress } from '../vas/address.js'
import { amountsOf } from '../vas/amounts.js'
import { isWritableText } from '../vas/fold.js'
import { type AddressRange, type ShownPart, sizeOf } from '../vas/part.js'
import { partName } from '../vas/part_name.js'
import { amountText } from './amount_text.js'
import type { ShowPointer } from './pointers.js'
import { ellipsized, printable, width } from './printable.js'
import type { Style } from './style.js'
import { bar } from './vas_bar.js'

export interface MapOptions {
  readonly page: Page
  /** How addresses of the kernel's half are shown. */
  readonly pointer: ShowPointer
  /** Where the distances between these are as secret as they are. */
  readonly hidesDistances: boolean
  readonly located: AddressRange | undefined
}

/** Columns that a map takes at least. */
const NARROWEST = 60

const ADDRESS = 16
/** Of permissions, size and resident amount, with the spaces before them. */
const NUMBERS = ' rwxp 1023.9K 1023.9K '.length

/**
 * The parts of an address space from the highest address down. Each is a block, with its first address
 * and what it is in the lowest line. Blocks are scaled by logarithms: see {@link heightOf}.
 */
export function vasMap(parts: readonly ShownPart[], options: MapOptions): string {
  const columns = Math.max(options.page.width ?? Number.POSITIVE_INFINITY, NARROWEST)
  const barWidth = columns < 120 ? 8 : 20
  const highest = parts.at(-1)
  if (highest === undefined) return ''
  const top = addressText(highest.end - 1n, options)
  const edge = ' '.repeat(barWidth)
  const lines = [
    options.page.style.bold(
      `${'ADDRESS'.padEnd(ADDRESS)} ${edge}   PERM ${'SIZE'.padStart(7)} ${'RSS'.padStart(7)} WHAT`,
    ),
    `${top} ┌${'─'.repeat(barWidth)}┐`,
  ]
  for (let i = parts.length - 1; i >= 0; i--) {
    lines.push(...block(parts[i]!, columns, barWidth, options))
  }
  return `${lines.join('\n')}\n`
}

/** A hashed address, which lies nowhere, does not look like a low one. */
function addressText(address: bigint, { pointer, hidesDistances }: MapOptions): string {
  const shown = addressShower(pointer)(address).slice(2)
  if (!hidesDistances || !isKernelAddress(address)) return shown.padStart(ADDRESS, '0')
  const hash = shown.slice(8)
  return /^0*$/.test(shown) ? 'hidden'.padEnd(ADDRESS) : `hashed  ${hash}`
}

function block(part: ShownPart, columns: number, barWidth: number, options: MapOptions): string[] {
  const { style } = options.page
  const paint = paintOf(part, style)
  const bars = bar(part, isSecret(part, options) ? 2 : heightOf(part), barWidth)
  const margin = ' '.repeat(ADDRESS)
  const room = columns - ADDRESS - barWidth - 3 - NUMBERS
  return bars.map((drawn, i) => {
    if (i < bars.length - 1) return `${margin} ${paint(drawn)}`
    const address = addressText(part.start, options)
    return `${address} ${paint(drawn)} ${numbers(part, options)} ${words(part, room, options)}`
  })
}

/**
 * Lines of a block: one below 256 KiB, and one more for each 64 times as much, so that the hole of 128 TiB
 * that is most of an address space takes six.
 */
function heightOf(part: ShownPart): number {
  const pages = Number(sizeOf(part) >> 12n)
  return 1 + Math.floor(Math.log2(Math.max(1, pages)) / 6)
}

/** How far parts of the kernel are from each other tells where they are. */
function isSecret(part: ShownPart, { hidesDistances }: MapOptions): boolean {
  return hidesDistances && part.type === 'hole' && part.half === 'kernel'
}

function numbers(part: ShownPart, options: MapOptions): string {
  const { style } = options.page
  const size = (isSecret(part, options) ? '?' : amountText(sizeOf(part))).padStart(7)
  const resident = amountsOf(part)?.resident
  const rss = (resident === undefined ? '' : amountText(resident)).padStart(7)
  const permissions = permissionsOf(part).padEnd(4)
  return `${isWx(part) ? style.bold(style.red(permissions)) : permissions} ${size} ${rss}`
}

function permissionsOf(part: ShownPart): string {
  switch (part.type) {
    case 'mapping':
      return vmPermissions(part.segment.flags)
    case 'folded': {
      const all = new Set(part.parts.map(({ segment }) => vmPermissions(segment.flags)))
      return all.size === 1 ? [...all][0]! : '*'
    }
    case 'kernel':
    case 'hole':
      return ''
  }
}

/** Whether what is there may be written and executed. */
function isWx(part: ShownPart): boolean {
  if (part.type === 'mapping') return isWritableText(part.segment.flags)
  return part.type === 'folded' && isWritableText(part.parts[0]!.segment.flags)
}

function words(part: ShownPart, room: number, { page: { style }, located }: MapOptions): string {
  const mark = located !== undefined && overlap(part, located) ? '◄ here ' : ''
  const warning = isWx(part) ? 'W+X ' : ''
  const { what, path } = partName(part)
  const plain = printable([what, ...notes(part)].join(', '))
  const left = room - mark.length - warning.length
  const reserved = path === '' ? 0 : Math.min(width(path) + 1, Math.floor(left / 2))
  const first = ellipsized(plain, left - reserved)
  const rest = left - width(first) - 1
  // A path is known by its end.
  const last = path === '' ? '' : ` ${ellipsized(printable(path), rest, 'end')}`
  const text = part.type === 'hole' ? style.dim(first) : paintOf(part, style)(first)
  const marked = mark === '' ? '' : style.bold(mark)
  const warned = warning === '' ? '' : style.bold(style.red(warning))
  return `${marked}${warned}${text}${last}`
}

/** What of a mapping is not just in memory. */
function notes(part: ShownPart): string[] {
  const amounts = amountsOf(part)
  if (amounts === undefined) return []
  const { swapped, huge, hugetlb, special, guard } = amounts
  const named = { swap: swapped, huge, 'in hugetlb': hugetlb, 'zero or device': special, guard }
  const shown = Object.entries(named).filter(([, bytes]) => bytes > 0)
  const advice = part.type === 'mapping' ? part.segment.hugePages : undefined
  return [
    ...shown.map(([name, bytes]) => `${amountText(bytes)} ${name}`),
    ...(advice === undefined ? [] : [advice]),
  ]
}

function overlap(a: AddressRange, b: AddressRange): boolean {
  return a.start < b.end && b.start < a.end
}

function paintOf(part: ShownPart, style: Style): (text: string) => string {
  if (part.type === 'hole') return style.dim
  if (part.type === 'kernel') return style.bold
  const { kind } = part.type === 'mapping' ? part.segment : part.parts[0]!.segment
  switch (kind) {
    case 'text':
      return style.green
    case 'data':
    case 'bss':
      return style.yellow
    case 'heap':
      return style.cyan
    case 'stack':
    case 'thread stack':
      return style.magenta
    case 'file':
    case 'memfd':
    case 'shared memory':
      return style.blue
    case 'guard':
    case 'reserved':
      return style.dim
    default:
      return (text) => text
  }
}
