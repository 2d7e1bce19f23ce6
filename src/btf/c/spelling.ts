import { MAX_DEPTH, type RawTypes } from '../raw.js'
import { ascii, type TextBuffer } from './text_buffer.js'

const VOID = ascii('void ')
const STRUCT = ascii('struct ')
const UNION = ascii('union ')
const ENUM = ascii('enum ')
const CONST = ascii('const ')
const VOLATILE = ascii('volatile ')
const RESTRICT = ascii('restrict ')
const OPEN_POINTER = ascii('(*')
const COMMA = ascii(', ')
const ELLIPSIS = ascii('...')
const NO_PARAMS = ascii('void)')
const SUFFIX = ascii('___')

const BLANK = 0x20
const STAR = 0x2a
const OPEN = 0x28
const CLOSE = 0x29
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d

/** What a spelling asks of the text that it is part of. */
export interface Naming {
  /** 1, or the number for `name___2` where a name is taken twice. */
  suffix(id: number): number
  /** Writes a struct, union or enum that has no name. */
  anonymous(id: number): void
}

/**
 * Writes types as C does. A declaration is made of what stands before the declared name and what
 * stands after it: `int (*` and `)(void)`, `char ` and `[16]`.
 */
export class Spelling {
  private depth = 0

  constructor(
    private readonly types: RawTypes,
    private readonly out: TextBuffer,
    private readonly naming: Naming,
  ) {}

  /** Writes what stands before the name. */
  before(id: number): void {
    const { types, out } = this
    if (++this.depth > MAX_DEPTH) throw types.damaged(id, 'it contains itself')
    switch (types.kind(id)) {
      case 0:
        out.literal(VOID)
        break
      case 1:
      case 16:
        out.words(types.strings, types.name(id))
        this.suffix(id)
        break
      case 8:
      case 15:
        this.name(id)
        break
      case 2: {
        const target = types.sizeOrType(id)
        this.before(target)
        if (this.binds(target)) out.literal(OPEN_POINTER)
        else out.byte(STAR)
        break
      }
      case 3:
        this.before(types.words[types.at(id) + 3]!)
        break
      case 4:
        this.tag(id, STRUCT)
        break
      case 5:
        this.tag(id, UNION)
        break
      case 6:
      case 19:
        this.tag(id, ENUM)
        break
      case 7:
        out.literal(types.flag(id) ? UNION : STRUCT)
        this.name(id)
        break
      case 9:
        this.qualified(id, VOLATILE)
        break
      case 10:
        this.qualified(id, CONST)
        break
      case 11:
        this.qualified(id, RESTRICT)
        break
      default:
        // A func, var or tag is spelled as its type, a prototype starts with what it returns.
        this.before(types.sizeOrType(id))
    }
    this.depth--
  }

  /** Writes what stands after the name. */
  after(id: number): void {
    const { types, out } = this
    switch (types.kind(id)) {
      case 0:
      case 1:
      case 4:
      case 5:
      case 6:
      case 7:
      case 8:
      case 15:
      case 16:
      case 19:
        return
    }
    if (++this.depth > MAX_DEPTH) throw types.damaged(id, 'it contains itself')
    switch (types.kind(id)) {
      case 2: {
        const target = types.sizeOrType(id)
        if (this.binds(target)) out.byte(CLOSE)
        this.after(target)
        break
      }
      case 3: {
        const at = types.at(id)
        out.byte(OPEN_ARRAY)
        out.number(types.words[at + 5]!)
        out.byte(CLOSE_ARRAY)
        this.after(types.words[at + 3]!)
        break
      }
      case 13:
        this.params(id)
        this.after(types.sizeOrType(id))
        break
      default:
        this.after(types.sizeOrType(id))
    }
    this.depth--
  }

  private name(id: number): void {
    const { types, out } = this
    out.name(types.strings, types.name(id))
    this.suffix(id)
  }

  private suffix(id: number): void {
    const { out } = this
    const suffix = this.naming.suffix(id)
    if (suffix > 1) {
      out.literal(SUFFIX)
      out.number(suffix)
    }
    out.byte(BLANK)
  }

  private tag(id: number, keyword: Uint8Array): void {
    if (this.types.isAnonymous(id)) {
      this.naming.anonymous(id)
      this.out.byte(BLANK)
    } else {
      this.out.literal(keyword)
      this.name(id)
    }
  }

  /** A qualifier stands before a plain type but after the star of a pointer: `char *const`. */
  private qualified(id: number, word: Uint8Array): void {
    const { types, out } = this
    const target = types.sizeOrType(id)
    let inner = target
    for (let i = 0; types.kind(inner) === 3 && i < MAX_DEPTH; i++) {
      inner = types.words[types.at(inner) + 3]!
    }
    // GCC makes a const array of const elements; in C, twice `const` is once too often.
    const twice = types.kind(inner) === types.kind(id)
    const bound = types.kind(this.unqualified(inner))
    if (!twice && bound !== 2 && bound !== 13) out.literal(word)
    this.before(target)
    if (!twice && bound === 2) out.literal(word)
  }

  private params(id: number): void {
    const { types, out } = this
    const first = types.at(id) + 3
    const count = types.vlen(id)
    out.byte(OPEN)
    if (count === 0) {
      out.literal(NO_PARAMS)
      return
    }
    for (let i = 0; i < count; i++) {
      if (i > 0) out.literal(COMMA)
      this.param(types.words[first + i * 2]!, types.words[first + i * 2 + 1]!, i === count - 1)
    }
    out.byte(CLOSE)
  }

  private param(name: number, type: number, last: boolean): void {
    const { types, out } = this
    const nameless = types.strings[types.checkedName(name)] === 0
    if (last && nameless && type === 0) {
      out.literal(ELLIPSIS)
      return
    }
    this.before(type)
    if (nameless) out.trimBlank()
    else out.name(types.strings, name)
    this.after(type)
  }

  /** Tells whether `*` needs parentheses: arrays and functions bind more tightly. */
  private binds(target: number): boolean {
    const kind = this.types.kind(target)
    // Of most types one look tells.
    if (kind === 3 || kind === 13) return true
    if ((kind < 9 || kind > 11) && kind !== 18) return false
    const inner = this.types.kind(this.unqualified(target))
    return inner === 3 || inner === 13
  }

  /** The type behind qualifiers and type tags, but not typedefs. */
  private unqualified(id: number): number {
    const { types } = this
    let inner = id
    for (let i = 0; i < MAX_DEPTH; i++) {
      const kind = types.kind(inner)
      if ((kind < 9 || kind > 11) && kind !== 18) return inner
      inner = types.sizeOrType(inner)
    }
    throw types.damaged(id, 'it contains itself')
  }
}
