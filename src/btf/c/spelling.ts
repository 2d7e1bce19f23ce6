import { MAX_DEPTH, type RawTypes } from '../raw.js'
import { ascii, TextBuffer } from './text_buffer.js'

/** A longer spelling of one type is taken for the work of damaged BTF. */
const MAX_SPELLING = 1 << 14

const VOID = ascii('void ')
const STRUCT = ascii('struct ')
const UNION = ascii('union ')
const ENUM = ascii('enum ')
const CONST = ascii('const ')
const VOLATILE = ascii('volatile ')
const RESTRICT = ascii('restrict ')
const POINTER = ascii('*')
const OPEN_POINTER = ascii('(*')
const CLOSE = ascii(')')
const OPEN = ascii('(')
const OPEN_ARRAY = ascii('[')
const CLOSE_ARRAY = ascii(']')
const COMMA = ascii(', ')
const ELLIPSIS = ascii('...')
const NO_PARAMS = ascii('void')
const SUFFIX = ascii('___')

const BLANK = 0x20
/** Not in any name: stands for an anonymous struct, union or enum, whose id the next 5 bytes give. */
const ANONYMOUS = 1
const BUSY = 0xffffffff

/** How types are named where a name is taken twice. */
export interface Naming {
  /** 1, or the number for `name___2`. */
  suffix(id: number): number
}

/**
 * How each type is written in C. A declaration is made of what stands before the declared name and
 * what stands after it: `int (*` and `)(void)`, `char ` and `[16]`. Each is put together from that
 * of the type one step further in, and kept, as a kernel's members use the same few types.
 */
export class Spelling {
  private readonly text: TextBuffer
  private readonly beforeStart: Uint32Array
  private readonly beforeEnd: Uint32Array
  private readonly afterStart: Uint32Array
  private readonly afterEnd: Uint32Array
  /** Tells which spellings have an {@link ANONYMOUS} in them. */
  private readonly inline: Uint8Array
  private depth = 0

  constructor(
    private readonly types: RawTypes,
    private readonly naming: Naming,
  ) {
    this.text = new TextBuffer(types.source)
    // A spelling that ends at 0 is one that has not been made.
    this.text.byte(0)
    this.beforeStart = new Uint32Array(types.count)
    this.beforeEnd = new Uint32Array(types.count)
    this.afterStart = new Uint32Array(types.count)
    this.afterEnd = new Uint32Array(types.count)
    this.inline = new Uint8Array(types.count)
  }

  /** Writes what stands before the name; `anonymous` writes a struct, union or enum in full. */
  before(id: number, out: TextBuffer, anonymous: (id: number) => void): void {
    this.prepare(id)
    this.write(id, this.beforeStart[id]!, this.beforeEnd[id]!, out, anonymous)
  }

  /** Writes what stands after the name. */
  after(id: number, out: TextBuffer, anonymous: (id: number) => void): void {
    this.prepare(id)
    if (this.afterEnd[id] !== this.afterStart[id]) {
      this.write(id, this.afterStart[id]!, this.afterEnd[id]!, out, anonymous)
    }
  }

  private write(
    id: number,
    start: number,
    end: number,
    out: TextBuffer,
    anonymous: (id: number) => void,
  ): void {
    const { bytes } = this.text
    if (this.inline[id] === 0) {
      out.copy(bytes, start, end)
      return
    }
    for (let i = start; i < end; i++) {
      if (bytes[i] === ANONYMOUS) {
        anonymous(readId(bytes, i + 1))
        i += 5
      } else {
        out.byte(bytes[i]!)
      }
    }
  }

  private prepare(id: number): void {
    if (id >= this.beforeEnd.length) throw this.types.damaged(id, 'there is no such type')
    const end = this.beforeEnd[id]!
    if (end !== 0 && end !== BUSY) return
    if (end === BUSY || this.depth > MAX_DEPTH) throw this.types.damaged(id, 'it contains itself')
    this.beforeEnd[id] = BUSY
    this.depth++
    this.make(id)
    this.depth--
  }

  private make(id: number): void {
    const { types } = this
    switch (types.kind(id)) {
      case 0:
        this.base(id, VOID)
        break
      case 1:
      case 8:
      case 16:
        this.named(id, undefined)
        break
      case 2:
        this.pointer(id, types.sizeOrType(id))
        break
      case 3:
        this.array(id)
        break
      case 4:
        this.named(id, STRUCT)
        break
      case 5:
        this.named(id, UNION)
        break
      case 6:
      case 19:
        this.named(id, ENUM)
        break
      case 7:
        this.named(id, types.flag(id) ? UNION : STRUCT)
        break
      case 9:
        this.qualified(id, types.sizeOrType(id), VOLATILE)
        break
      case 10:
        this.qualified(id, types.sizeOrType(id), CONST)
        break
      case 11:
        this.qualified(id, types.sizeOrType(id), RESTRICT)
        break
      case 13:
        this.prototype(id)
        break
      case 15:
        this.named(id, undefined)
        break
      default:
        // A func, var, or tag is spelled as its type.
        this.same(id, types.sizeOrType(id))
    }
    const before = this.beforeEnd[id]! - this.beforeStart[id]!
    const after = this.afterEnd[id]! - this.afterStart[id]!
    if (before + after > MAX_SPELLING) {
      throw types.damaged(id, 'it is too complex to be written')
    }
  }

  private base(id: number, word: Uint8Array): void {
    this.beforeStart[id] = this.text.length
    this.text.literal(word)
    this.beforeEnd[id] = this.text.length
  }

  private named(id: number, keyword: Uint8Array | undefined): void {
    const { types, text } = this
    this.beforeStart[id] = text.length
    if (keyword !== undefined && types.isAnonymous(id) && types.kind(id) !== 7) {
      this.inline[id] = 1
      text.byte(ANONYMOUS)
      writeId(text, id)
    } else {
      if (keyword !== undefined) text.literal(keyword)
      text.name(types.strings, types.name(id))
      const suffix = this.naming.suffix(id)
      if (suffix > 1) {
        text.literal(SUFFIX)
        text.number(suffix)
      }
    }
    text.byte(BLANK)
    this.beforeEnd[id] = text.length
  }

  private same(id: number, target: number): void {
    this.prepare(target)
    this.inline[id] = this.inline[target]!
    this.beforeStart[id] = this.beforeStart[target]!
    this.beforeEnd[id] = this.beforeEnd[target]!
    this.afterStart[id] = this.afterStart[target]!
    this.afterEnd[id] = this.afterEnd[target]!
  }

  private pointer(id: number, target: number): void {
    this.prepare(target)
    const { text } = this
    const kind = this.declaratorKind(target)
    const binds = kind === 3 || kind === 13
    this.inline[id] = this.inline[target]!
    this.beforeStart[id] = text.length
    this.copyBefore(target)
    text.literal(binds ? OPEN_POINTER : POINTER)
    this.beforeEnd[id] = text.length
    if (!binds) {
      this.afterStart[id] = this.afterStart[target]!
      this.afterEnd[id] = this.afterEnd[target]!
      return
    }
    this.afterStart[id] = text.length
    text.literal(CLOSE)
    this.copyAfter(target)
    this.afterEnd[id] = text.length
  }

  private array(id: number): void {
    const { types, text } = this
    const at = types.at(id)
    const element = types.words[at + 3]!
    this.prepare(element)
    this.inline[id] = this.inline[element]!
    this.beforeStart[id] = this.beforeStart[element]!
    this.beforeEnd[id] = this.beforeEnd[element]!
    this.afterStart[id] = text.length
    text.literal(OPEN_ARRAY)
    text.number(types.words[at + 5]!)
    text.literal(CLOSE_ARRAY)
    this.copyAfter(element)
    this.afterEnd[id] = text.length
  }

  /** A qualifier stands before a plain type but after the star of a pointer: `char *const`. */
  private qualified(id: number, target: number, word: Uint8Array): void {
    this.prepare(target)
    const { text } = this
    let kind = this.declaratorKind(target)
    for (let inner = target; kind === 3; kind = this.declaratorKind(inner)) {
      inner = this.types.words[this.types.at(this.unqualified(inner)) + 3]!
    }
    this.inline[id] = this.inline[target]!
    this.beforeStart[id] = text.length
    const known = this.isQualified(target, word)
    if (!known && kind !== 2 && kind !== 13) text.literal(word)
    this.copyBefore(target)
    if (!known && kind === 2) text.literal(word)
    this.beforeEnd[id] = text.length
    this.afterStart[id] = this.afterStart[target]!
    this.afterEnd[id] = this.afterEnd[target]!
  }

  /** GCC makes a const array of const elements, which C cannot say: twice `const` is once too often. */
  private isQualified(id: number, word: Uint8Array): boolean {
    const { bytes } = this.text
    const start = this.beforeStart[id]!
    const last = this.beforeEnd[id]! - word.length
    return (
      word.every((byte, i) => bytes[start + i] === byte) ||
      word.every((byte, i) => bytes[last + i] === byte)
    )
  }

  private prototype(id: number): void {
    const { types, text } = this
    const at = types.at(id)
    const count = types.vlen(id)
    const result = types.sizeOrType(id)
    this.prepare(result)
    this.inline[id] = this.inline[result]!
    for (let i = 0; i < count; i++) {
      const type = types.words[at + 4 + i * 2]!
      this.prepare(type)
      if (this.inline[type] !== 0) this.inline[id] = 1
    }
    this.beforeStart[id] = this.beforeStart[result]!
    this.beforeEnd[id] = this.beforeEnd[result]!
    this.afterStart[id] = text.length
    text.literal(OPEN)
    if (count === 0) text.literal(NO_PARAMS)
    for (let i = 0; i < count; i++) {
      if (i > 0) text.literal(COMMA)
      this.parameter(types.words[at + 3 + i * 2]!, types.words[at + 4 + i * 2]!, i === count - 1)
    }
    text.literal(CLOSE)
    this.copyAfter(result)
    this.afterEnd[id] = text.length
  }

  private parameter(name: number, type: number, last: boolean): void {
    const { text, types } = this
    const nameless = types.strings[types.checkedName(name)] === 0
    if (last && nameless && type === 0) {
      text.literal(ELLIPSIS)
      return
    }
    this.copyBefore(type)
    if (nameless) text.trimBlank()
    text.name(types.strings, name)
    this.copyAfter(type)
  }

  private copyBefore(id: number): void {
    this.text.copy(this.text.bytes, this.beforeStart[id]!, this.beforeEnd[id]!)
  }

  private copyAfter(id: number): void {
    this.text.copy(this.text.bytes, this.afterStart[id]!, this.afterEnd[id]!)
  }

  /** The kind that decides where a star or qualifier goes: qualifiers and tags are looked through. */
  private declaratorKind(id: number): number {
    return this.types.kind(this.unqualified(id))
  }

  private unqualified(id: number): number {
    let inner = id
    for (;;) {
      const kind = this.types.kind(inner)
      if ((kind < 9 || kind > 11) && kind !== 18) return inner
      inner = this.types.sizeOrType(inner)
    }
  }
}

/** As 7-bit groups, so that none of the bytes can be taken for {@link ANONYMOUS}. */
function writeId(text: TextBuffer, id: number): void {
  for (let shift = 28; shift >= 0; shift -= 7) text.byte(((id >>> shift) & 0x7f) | 0x80)
}

function readId(bytes: Uint8Array, at: number): number {
  let id = 0
  for (let i = at; i < at + 5; i++) id = (id << 7) | (bytes[i]! & 0x7f)
  return id >>> 0
}
