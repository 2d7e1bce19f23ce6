import { MAX_DEPTH, type RawTypes } from '../raw.js'
import { ascii, type TextBuffer, WORDS } from './text_buffer.js'

/** More text than any function's parameters make: functions that take functions may multiply. */
const MAX_PARAMS_TEXT = 1 << 16

const VOID = ascii('void ')
const STRUCT = ascii('struct ')
const UNION = ascii('union ')
const ENUM = ascii('enum ')
const CONST = ascii('const ')
const VOLATILE = ascii('volatile ')
const RESTRICT = ascii('restrict ')
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

/** By kind, 1 for types that are written before the name altogether. */
const STANDS_BEFORE = Uint8Array.of(1, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1)

/**
 * Writes types as C does. A declaration is made of what stands before the declared name and what
 * stands after it: `int (*` and `)(void)`, `char ` and `[16]`.
 */
export class Spelling {
  private depth = 0

  /**
   * `suffixes` has by id the number for `name___2` where a name is taken twice; `anonymous` writes
   * a struct, union or enum that has no name.
   */
  constructor(
    private readonly types: RawTypes,
    private readonly out: TextBuffer,
    private readonly suffixes: Uint32Array,
    private readonly anonymous: (id: number) => void,
  ) {}

  /** To be called before a spelling if the last one failed. */
  restart(): void {
    this.depth = 0
  }

  /** Writes what stands before the name. */
  before(id: number): void {
    const { types, out } = this
    const word = types.starts[id]!
    switch (types.kinds[id]) {
      case 0:
        out.literal(VOID)
        break
      case 1:
      case 16:
        out.name(types.strings, types.words[word]!, WORDS)
        this.suffix(id)
        break
      case 4:
        this.tag(id, word, STRUCT)
        break
      case 5:
        this.tag(id, word, UNION)
        break
      case 6:
      case 19:
        this.tag(id, word, ENUM)
        break
      case 7:
        out.literal(types.flag(id) ? UNION : STRUCT)
        this.name(id, word)
        break
      case 8:
      case 15:
        this.name(id, word)
        break
      default:
        this.derived(id)
    }
  }

  /** What stands before the name if the type is made of another one. */
  private derived(id: number): void {
    const { types, out } = this
    if (++this.depth > MAX_DEPTH) throw types.damaged(id, 'it contains itself')
    switch (types.kind(id)) {
      case 2: {
        const target = types.sizeOrType(id)
        this.before(target)
        if (this.binds(target)) out.byte(OPEN)
        out.byte(STAR)
        break
      }
      case 3:
        this.before(types.words[types.at(id) + 3]!)
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
    const { types } = this
    const kind = types.kinds[id]!
    if (STANDS_BEFORE[kind] === 1) return
    // Most pointers are to what stands before the name.
    if (kind === 2 && STANDS_BEFORE[types.kinds[types.words[types.starts[id]! + 2]!]!] === 1) return
    this.afterDerived(id)
  }

  private afterDerived(id: number): void {
    const { types, out } = this
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

  private name(id: number, word: number): void {
    const { types } = this
    this.out.name(types.strings, types.words[word]!)
    this.suffix(id)
  }

  private suffix(id: number): void {
    const { out } = this
    const suffix = this.suffixes[id]!
    if (suffix > 1) {
      out.literal(SUFFIX)
      out.number(suffix)
    }
    out.byte(BLANK)
  }

  private tag(id: number, word: number, keyword: Uint8Array): void {
    const { types } = this
    if (types.strings[types.words[word]!] === 0) {
      this.anonymous(id)
      this.out.byte(BLANK)
    } else {
      this.out.literal(keyword)
      this.name(id, word)
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
    const start = out.length
    for (let i = 0; i < count; i++) {
      if (out.length - start > MAX_PARAMS_TEXT) throw types.damaged(id, 'it takes too much')
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
