import type { Btf } from '../../btf/btf.js'
import { declaration } from '../../btf/c/type_name.js'
import { addressIn, type Showing } from './shown.js'
import type { Elements, Member, NumberValue, Value } from './value.js'

const INDENT = '  '

/** Elements that are longer together stand below each other. */
const LONGEST_LINE = 80

/** A value as C would initialise it, in one line or, for what has members, in several. */
export function valueAsText(value: Value, btf: Btf, showing: Showing): string {
  const address = addressIn(value)
  if (address !== undefined) return addressAsText(value, address, showing)
  switch (value.kind) {
    case 'number':
      return numberAsText(value)
    case 'bool':
      return String(value.value)
    case 'enum':
      return value.name ?? String(value.value)
    case 'string':
      return JSON.stringify(value.text)
    case 'members':
      return block(value.members.flatMap((member) => memberLines(member, btf, showing)))
    case 'elements':
      return elementsAsText(value, btf, showing)
    case 'nowhere':
      return `(${value.isNull} is NULL)`
    default:
      return '?'
  }
}

function addressAsText(value: Value, address: bigint, { pointer, symbol }: Showing): string {
  if (address === 0n) return 'NULL'
  if (value.kind === 'pointer' && value.text !== undefined) {
    return `${pointer(address)} ${JSON.stringify(value.text)}`
  }
  const name = symbol(address)
  // Only code is pointed into; anywhere else the symbol before is that of something else.
  const isNamed = (value.kind === 'pointer' && value.isFunction) || !name?.includes('+')
  return name !== undefined && isNamed ? `${pointer(address)} <${name}>` : pointer(address)
}

function numberAsText({ value, flags }: NumberValue): string {
  if (flags === undefined) return String(value)
  const digits = `${value < 0 ? '-' : ''}0x${(value < 0 ? -value : value).toString(16)}`
  return flags.length === 0 ? digits : `${digits} (${flags.join(' | ')})`
}

function memberLines({ name, typeId, value }: Member, btf: Btf, showing: Showing): string[] {
  const shown = valueAsText(value, btf, showing)
  if (name === '' && value.kind === 'members') return `${value.of} ${shown}`.split('\n')
  const declared = declaration(btf, typeId, name)
  const isUnseen = value.kind === 'members' && value.of === 'union' && !/\bunion\b/.test(declared)
  return `${declared} = ${isUnseen ? 'union ' : ''}${shown}`.split('\n')
}

function block(lines: readonly string[]): string {
  return lines.length === 0 ? '{}' : `{\n${lines.map((line) => INDENT + line).join('\n')}\n}`
}

interface Run {
  readonly first: number
  readonly text: string
  count: number
}

/** Elements that are the same are shown once, as `[1 ... 63] = 0`, which GNU C understands too. */
function elementsAsText(elements: Elements, btf: Btf, showing: Showing): string {
  if (elements.length === 0) return '{}'
  const runs: Run[] = []
  for (let i = 0; i < elements.length; i++) {
    const text = valueAsText(elements.at(i), btf, showing)
    const last = runs.at(-1)
    if (last?.text === text) last.count++
    else runs.push({ first: i, text, count: 1 })
  }
  const isPlain = runs.length === elements.length && !runs.some(({ text }) => text.includes('\n'))
  const shown = runs.map((run) => (isPlain ? run.text : `${range(run)} = ${run.text}`))
  const line = `{${shown.join(', ')}}`
  if (line.length <= LONGEST_LINE && !line.includes('\n')) return line
  return block(shown.flatMap((text) => text.split('\n')))
}

function range({ first, count }: Run): string {
  return count === 1 ? `[${first}]` : `[${first} ... ${first + count - 1}]`
}
