import type { RawTypes } from './raw.js'

/** A member of a struct or union; one object is read into again and again. */
export class RawMember {
  /** Where the name starts within the strings. */
  name = 0
  type = 0
  bitOffset = 0
  /** 0 for an ordinary member. */
  bitSize = 0

  private readonly oldBitFields: ReadonlySet<number>

  constructor(private readonly types: RawTypes) {
    this.oldBitFields = types.partialInts
  }

  /** Reads the member at word `at` of a struct with this kind flag. */
  read(at: number, flag: boolean): void {
    const { words } = this.types
    const offset = words[at + 2]!
    this.name = this.types.checkedName(words[at]!)
    this.type = words[at + 1]!
    this.bitOffset = flag ? offset & 0xffffff : offset
    this.bitSize = flag ? offset >>> 24 : 0
    if (!flag && this.oldBitFields.size > 0) this.readOldBitField()
  }

  get isAnonymous(): boolean {
    return this.types.strings[this.name] === 0
  }

  /** Unnamed, but not an anonymous struct or union: it only takes room. */
  get isPadding(): boolean {
    return this.isAnonymous && !this.types.isStruct(this.type)
  }

  /** Before Linux 5.0 the int type of a bit-field told its place and size. */
  private readOldBitField(): void {
    const int = this.types.resolve(this.type)
    if (!this.oldBitFields.has(int)) return
    const encoding = this.types.words[this.types.at(int) + 3]!
    this.bitOffset += (encoding >>> 16) & 0xff
    this.bitSize = encoding & 0xff
  }
}
