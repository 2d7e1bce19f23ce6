import type { RawTypes } from './raw.js'

/** A member of a struct or union; one object is read into again and again. */
export class RawMember {
  /** Where the name starts within the strings. */
  name = 0
  type = 0
  bitOffset = 0
  /** 0 for an ordinary member. */
  bitSize = 0

  constructor(private readonly types: RawTypes) {}

  /** Reads member `index` of the struct whose first word is `at`. */
  read(at: number, index: number): void {
    const { types } = this
    const word = at + 3 + index * 3
    const offset = types.words[word + 2]!
    this.name = types.checkedName(types.words[word]!)
    this.type = types.words[word + 1]!
    if (types.words[at + 1]! >>> 31 === 1) {
      this.bitOffset = offset & 0xffffff
      this.bitSize = offset >>> 24
    } else {
      this.bitOffset = offset
      this.bitSize = 0
      this.readOldBitField()
    }
  }

  get isAnonymous(): boolean {
    return this.types.strings[this.name] === 0
  }

  /** Unnamed, but not an anonymous struct or union: it only takes room. */
  get isPadding(): boolean {
    return this.isAnonymous && !this.types.isStruct(this.type)
  }

  /** Before Linux 4.20 a bit-field was a member whose int type has fewer bits than its storage. */
  private readOldBitField(): void {
    const { types } = this
    if (types.kind(this.type) !== 1) return
    const at = types.at(this.type)
    const encoding = types.words[at + 3]!
    const bits = encoding & 0xff
    const offset = (encoding >>> 16) & 0xff
    if (offset === 0 && bits === types.words[at + 2]! * 8) return
    this.bitOffset += offset
    this.bitSize = bits
  }
}
