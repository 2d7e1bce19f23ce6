import type { RawTypes } from '../raw.js'
import { RawMember } from '../raw_member.js'
import { standardLike } from './base_types.js'
import { CLayout, OPAQUE, PACKED } from './c_layout.js'
import { EnumText } from './enum_text.js'
import type { HeaderNames } from './header_names.js'
import type { HeaderSink } from './header_order.js'
import { Spelling } from './spelling.js'
import { ascii, TextBuffer } from './text_buffer.js'

const BLANK = 0x20
const STRUCT = ascii('struct')
const ENUM = ascii('enum')
const UNION = ascii('union')
const OPEN = ascii(' {\n')
const CLOSE = ascii('}')
const PACKED_ATTRIBUTE = ascii(' __attribute__((packed))')
const TYPEDEF = ascii('typedef ')
const END = ascii(';\n')
const END_BLOCK = ascii(';\n\n')
const COLON = ascii(':')
const HOLE = ascii('unsigned char ___hole')
const HOLE_BITS = ascii('unsigned char: ')
const OPEN_ARRAY = ascii('[')
const CLOSE_ARRAY = ascii('];\n')
const VA_LIST = ascii('__builtin_va_list')
const BOOL = ascii('bool')
// bool, true and false are keywords since C23.
const IF_BEFORE_C23 = ascii('#if __STDC_VERSION__ <= 201710L\n')
const ENDIF_BLOCK = ascii('#endif\n\n')

/** Writes the definitions of a C header. */
export class HeaderText implements HeaderSink {
  readonly out: TextBuffer
  private readonly layout: CLayout
  private readonly spelling: Spelling
  private readonly enums: EnumText
  private indent = 0
  private holes = 0
  private readonly inlined = new Set<number>()

  constructor(
    private readonly types: RawTypes,
    names: HeaderNames,
  ) {
    this.out = new TextBuffer(types.source)
    this.layout = new CLayout(types)
    this.spelling = new Spelling(types, this.out, names.suffixes, (id) => this.anonymous(id))
    this.enums = new EnumText(types, names, this.out)
  }

  forward(id: number): void {
    this.spelling.before(id)
    this.out.trimBlank()
    this.out.literal(END_BLOCK)
  }

  struct(id: number): void {
    this.holes = 0
    this.spelling.before(id)
    this.out.trimBlank()
    this.body(id)
    this.out.literal(END_BLOCK)
  }

  typedef(id: number): void {
    // The compiler has this one built in.
    if (this.types.isNamed(id, VA_LIST)) return
    const { out, types, spelling } = this
    const type = types.sizeOrType(id)
    const guarded = types.isNamed(id, BOOL)
    if (guarded) out.literal(IF_BEFORE_C23)
    this.holes = 0
    out.literal(TYPEDEF)
    spelling.before(type)
    spelling.before(id)
    out.trimBlank()
    spelling.after(type)
    out.literal(guarded ? END : END_BLOCK)
    if (guarded) out.literal(ENDIF_BLOCK)
  }

  baseType(id: number): void {
    const { out, types } = this
    const like = standardLike(types, id)
    if (like === undefined)
      throw types.damaged(id, `C has no such type of ${types.sizeOrType(id)} bytes`)
    out.literal(TYPEDEF)
    out.literal(ascii(like))
    out.byte(BLANK)
    this.spelling.before(id)
    out.trimBlank()
    out.literal(END_BLOCK)
  }

  enum(id: number): void {
    this.spelling.before(id)
    this.out.trimBlank()
    this.enums.body(id, 0)
    this.out.literal(END_BLOCK)
  }

  /** An anonymous enum that nothing uses is there for its constants. */
  leftOverEnum(id: number): void {
    if (this.inlined.has(id) || !this.types.isEnum(id) || !this.types.isAnonymous(id)) return
    const guarded = this.enums.hasBooleans(id)
    if (guarded) this.out.literal(IF_BEFORE_C23)
    this.anonymous(id)
    this.out.literal(guarded ? END : END_BLOCK)
    if (guarded) this.out.literal(ENDIF_BLOCK)
  }

  /** Writes a struct, union or enum that has no name where it is used. */
  anonymous(id: number): void {
    if (this.types.isEnum(id)) {
      this.inlined.add(id)
      this.out.literal(ENUM)
      this.enums.body(id, this.indent)
    } else {
      this.out.literal(this.types.kind(id) === 5 ? UNION : STRUCT)
      this.body(id)
    }
  }

  /** Everything of a struct or union but its name. */
  private body(id: number): void {
    const { out } = this
    const mode = this.layout.mode(id)
    out.literal(OPEN)
    this.indent++
    if (mode === OPAQUE) this.hole(this.types.sizeOrType(id))
    else this.members(id, mode === PACKED)
    this.indent--
    this.out.tabs(this.indent)
    out.literal(CLOSE)
    if (mode === PACKED) out.literal(PACKED_ATTRIBUTE)
  }

  private members(id: number, packed: boolean): void {
    const { types, layout } = this
    const member = new RawMember(types)
    const flag = types.flag(id)
    const isUnion = types.kind(id) === 5
    const first = types.at(id) + 3
    const stop = first + types.vlen(id) * 3
    let end = 0
    for (let word = first; word < stop; word += 3) {
      member.read(word, flag)
      if (types.strings[member.name] === 0 && member.isPadding) continue
      const { bitOffset, bitSize, type } = member
      if (bitOffset !== end && !isUnion && layout.place(end, type, bitSize, packed) !== bitOffset)
        this.fill(end, bitOffset)
      this.member(member)
      const last = bitOffset + (bitSize !== 0 ? bitSize : layout.size(type) * 8)
      if (last > end) end = last
    }
    const size = types.sizeOrType(id)
    if (layout.roundUp(end, id) === size * 8) return
    if (isUnion) this.hole(size)
    else this.fill(end, size * 8)
  }

  private member(member: RawMember): void {
    const { out, spelling } = this
    out.tabs(this.indent)
    // A struct without a name of its own, or (-fms-extensions) with one, but not of the member.
    if (member.isAnonymous) this.anonymous(this.types.resolve(member.type))
    else {
      spelling.before(member.type)
      out.name(this.types.strings, member.name)
      spelling.after(member.type)
    }
    if (member.bitSize !== 0) {
      out.literal(COLON)
      out.number(member.bitSize)
    }
    out.literal(END)
  }

  /** Fills the bits between two members. */
  private fill(from: number, to: number): void {
    const firstByte = Math.min(Math.ceil(from / 8) * 8, to)
    const lastByte = Math.max(Math.floor(to / 8) * 8, firstByte)
    this.holeBits(firstByte - from)
    if (lastByte > firstByte) this.hole((lastByte - firstByte) / 8)
    this.holeBits(to - lastByte)
  }

  private hole(bytes: number): void {
    const { out } = this
    this.out.tabs(this.indent)
    out.literal(HOLE)
    out.number(++this.holes)
    out.literal(OPEN_ARRAY)
    out.number(bytes)
    out.literal(CLOSE_ARRAY)
  }

  private holeBits(bits: number): void {
    if (bits === 0) return
    this.out.tabs(this.indent)
    this.out.literal(HOLE_BITS)
    this.out.number(bits)
    this.out.literal(END)
  }
}
