import { FormatError } from '../errors.js'

/** Chains of types longer than this are taken for a loop. */
export const MAX_DEPTH = 256

/** Types as they are written: see {@link RawTypes}. */
interface Index {
  readonly words: Uint32Array
  readonly starts: Uint32Array
  readonly kinds: Uint8Array
}

/**
 * A whole BTF, base included, as flat arrays: what a printer of every type works on, because a
 * hundred thousand decoded objects take longer than the printing itself.
 *
 * The three words of `struct btf_type` of type `id` start at `words[at(id)]`.
 */
export class RawTypes {
  readonly words: Uint32Array
  /** NUL-terminated names; the last byte is a NUL. */
  readonly strings: Uint8Array
  /** The number of each kind by id, `void` included. */
  readonly kinds: Uint8Array
  /** All ids are smaller than this; `void`, id 0, counts. */
  readonly count: number
  /** The word at which each type starts, by id; 0 for `void`. */
  readonly starts: Uint32Array
  private partial: ReadonlySet<number> | undefined

  /** What is in `index` leaves `void` out. */
  constructor(
    private readonly index: Index,
    strings: Uint8Array,
    readonly source: string,
    private readonly typesFileOffset: number,
  ) {
    this.words = index.words
    this.strings = strings.length > 0 ? strings : new Uint8Array(1)
    this.count = index.kinds.length + 1
    this.kinds = new Uint8Array(this.count)
    this.kinds.set(index.kinds, 1)
    this.starts = new Uint32Array(this.count)
    this.starts.set(index.starts.subarray(0, index.kinds.length), 1)
  }

  /** The same, with the types of a split BTF that was made on top of this one. */
  append(split: RawTypes): RawTypes {
    const { words, starts, kinds } = this.index
    const index = {
      words: concat(Uint32Array, words, split.words),
      starts: concat(
        Uint32Array,
        starts.subarray(0, kinds.length),
        split.index.starts.map((start) => start + words.length),
      ),
      kinds: concat(Uint8Array, kinds, split.index.kinds),
    }
    const strings = concat(Uint8Array, this.strings, split.strings)
    return new RawTypes(index, strings, split.source, split.typesFileOffset - words.length * 4)
  }

  /** The first word of a type other than `void`. */
  at(id: number): number {
    const start = this.starts[id]
    if (start === undefined || id === 0) throw this.noSuchType(id)
    return start
  }

  kind(id: number): number {
    const kind = this.kinds[id]
    if (kind === undefined) throw this.noSuchType(id)
    return kind
  }

  noSuchType(id: number): FormatError {
    return this.damaged(id, 'it is referred to, but does not exist')
  }

  // One call each, not calls of calls: a header makes millions of them.

  /** The `size` or `type` of `struct btf_type`. */
  sizeOrType(id: number): number {
    const start = this.starts[id]
    if (start === undefined || id === 0) throw this.noSuchType(id)
    return this.words[start + 2]!
  }

  vlen(id: number): number {
    return this.words[this.at(id) + 1]! & 0xffff
  }

  flag(id: number): boolean {
    return this.words[this.at(id) + 1]! >>> 31 === 1
  }

  /**
   * Ints with fewer bits than their storage has: before Linux 5.0 that made a member a bit-field.
   * Few kernels have any.
   */
  get partialInts(): ReadonlySet<number> {
    this.partial ??= new Set(this.findPartialInts())
    return this.partial
  }

  private *findPartialInts(): Generator<number> {
    for (let id = this.kinds.indexOf(1); id !== -1; id = this.kinds.indexOf(1, id + 1)) {
      const encoding = this.words[this.at(id) + 3]!
      const bits = encoding & 0xff
      const offset = (encoding >>> 16) & 0xff
      if (offset !== 0 || bits !== this.sizeOrType(id) * 8) yield id
    }
  }

  /** Where the name starts within the strings; an anonymous type's is an empty one. */
  name(id: number): number {
    return this.checkedName(this.words[this.at(id)]!)
  }

  isAnonymous(id: number): boolean {
    return this.strings[this.words[this.at(id)]!] === 0
  }

  isNamed(id: number, text: Uint8Array): boolean {
    return this.hasText(this.name(id), text)
  }

  hasText(name: number, text: Uint8Array): boolean {
    const { strings } = this
    for (let i = 0; i < text.length; i++) if (strings[name + i] !== text[i]) return false
    return strings[name + text.length] === 0
  }

  /** The type behind typedefs, qualifiers and type tags. */
  resolve(id: number): number {
    let inner = id
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const kind = this.kind(inner)
      if ((kind < 8 || kind > 11) && kind !== 18) return inner
      inner = this.sizeOrType(inner)
    }
    throw this.damaged(id, 'it contains itself')
  }

  isEnum(id: number): boolean {
    const kind = this.kind(id)
    return kind === 6 || kind === 19
  }

  /** Tells whether a type without its typedefs and qualifiers is a struct or union. */
  isStruct(id: number): boolean {
    const kind = this.kind(this.resolve(id))
    return kind === 4 || kind === 5
  }

  checkedName(offset: number): number {
    if (offset >= this.strings.length) {
      throw new FormatError(this.source, this.typesFileOffset, 'a name lies behind the strings')
    }
    return offset
  }

  damaged(id: number, why: string): FormatError {
    const word = this.starts[id] ?? 0
    return new FormatError(this.source, this.typesFileOffset + word * 4, `type ${id}: ${why}`)
  }
}

function concat<T extends Uint8Array | Uint32Array>(
  Words: new (length: number) => T,
  first: T,
  second: T,
): T {
  const both = new Words(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
