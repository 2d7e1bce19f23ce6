import type { RawTypes } from '../raw.js'
import type { HeaderNames } from './header_names.js'
import { ascii, type TextBuffer } from './text_buffer.js'

const OPEN = ascii(' {\n')
const CLOSE = ascii('}')
const EQUALS = ascii(' = ')
const COMMA = ascii(',\n')
const SUFFIX = ascii('___')
const NOTHING = ascii('___nothing')
const TRUE = ascii('true')
const FALSE = ascii('false')

/** What a size other than that of an int needs, by the number of bytes. */
const SIZE_ATTRIBUTES = new Map([
  [1, ascii(' __attribute__((mode(QI)))')],
  [2, ascii(' __attribute__((mode(HI)))')],
  [8, ascii(' __attribute__((mode(DI)))')],
])

/** Writes the enums of a C header. */
export class EnumText {
  private empty = 0

  constructor(
    private readonly types: RawTypes,
    private readonly names: HeaderNames,
    private readonly out: TextBuffer,
  ) {}

  /** Everything of an enum but its name. */
  body(id: number, indent: number): void {
    const { types, out } = this
    const size = types.sizeOrType(id)
    const attribute = SIZE_ATTRIBUTES.get(size)
    if (attribute === undefined && size !== 4) throw types.damaged(id, `an enum of ${size} bytes`)
    out.literal(OPEN)
    if (types.vlen(id) === 0) this.nothing(indent + 1)
    else if (types.kind(id) === 6) this.values(id, indent + 1)
    else this.values64(id, indent + 1)
    this.out.tabs(indent)
    out.literal(CLOSE)
    if (attribute !== undefined) out.literal(attribute)
  }

  /** C has no enum without constants, but BTF does, for one that is only declared. */
  private nothing(indent: number): void {
    this.out.tabs(indent)
    this.out.literal(NOTHING)
    this.out.number(++this.empty)
    this.out.literal(COMMA)
  }

  private values(id: number, indent: number): void {
    const { types, out } = this
    const { words } = types
    const signed = types.flag(id)
    const first = types.at(id) + 3
    const end = first + types.vlen(id) * 2
    for (let word = first; word < end; word += 2) {
      this.name(words[word]!, indent)
      out.number(signed ? words[word + 1]! | 0 : words[word + 1]!)
      out.literal(COMMA)
    }
  }

  private values64(id: number, indent: number): void {
    const { types, out } = this
    const { words } = types
    const signed = types.flag(id)
    const first = types.at(id) + 3
    const end = first + types.vlen(id) * 3
    for (let word = first; word < end; word += 3) {
      this.name(words[word]!, indent)
      out.literal(ascii(literal64(words[word + 1]!, words[word + 2]!, signed)))
      out.literal(COMMA)
    }
  }

  private name(name: number, indent: number): void {
    const { types, out } = this
    this.out.tabs(indent)
    out.name(types.strings, types.checkedName(name))
    const suffix = this.names.enumeratorSuffix(name)
    if (suffix > 1) {
      out.literal(SUFFIX)
      out.number(suffix)
    }
    out.literal(EQUALS)
  }

  /** Tells whether this is the kernel's enum of `false` and `true`. */
  hasBooleans(id: number): boolean {
    const { types } = this
    if (types.kind(id) !== 6) return false
    const first = types.at(id) + 3
    const end = first + types.vlen(id) * 2
    for (let word = first; word < end; word += 2) {
      const name = types.words[word]!
      if (types.hasText(name, TRUE) || types.hasText(name, FALSE)) return true
    }
    return false
  }
}

function literal64(low: number, high: number, signed: boolean): string {
  const value = (BigInt(high) << 32n) | BigInt(low)
  if (!signed) return `${value}ULL`
  // C reads the lowest number as the negation of one that is too large.
  const text =
    BigInt.asIntN(64, value) === -(2n ** 63n) ? '(-9223372036854775807LL - 1)' : undefined
  return text ?? `${BigInt.asIntN(64, value)}LL`
}
