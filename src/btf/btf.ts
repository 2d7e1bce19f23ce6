import { hashName, NameIndex } from '../bytes/name_index.js'
import { nearestNames } from '../bytes/nearest.js'
import { FormatError, NotFoundError } from '../errors.js'
import { decodeType } from './decode.js'
import { readHeader } from './header.js'
import {
  type BtfKind,
  type BtfMember,
  type BtfStruct,
  type BtfType,
  type BtfWrapper,
  KIND_NAMES,
} from './kinds.js'
import { RawTypes } from './raw.js'
import { hasPartialInt, indexTypes, kindFlagOf } from './scan.js'
import { StringTable } from './strings.js'
import { readWords } from './words.js'

/** The type of a given kind, so that a lookup by kind is typed. */
export type OfKind<K extends BtfKind> = WithKind<BtfType, K>

/** Not `Extract`, which finds nothing where types share an interface, as struct and union do. */
type WithKind<T extends BtfType, K extends BtfKind> = T extends BtfType
  ? K extends T['kind']
    ? T
    : never
  : never

/** Longer chains of typedefs, qualifiers, arrays and nested structs are taken for a loop. */
const MAX_DEPTH = 64

/** Structs with more members, those of anonymous structs included, are taken for damage. */
const MAX_MEMBERS = 2 ** 17

/** So many lookups by name cost as much as making an index of all names. */
const LOOKUPS_WITHOUT_INDEX = 32

export interface BtfOptions {
  /** The vmlinux BTF below a module's split BTF. */
  readonly base?: Btf
  /** What to call the data in messages, such as its file name. */
  readonly source?: string
}

/** A member found by name, perhaps within anonymous structs and unions. */
export interface FoundMember extends BtfMember {
  /** The struct or union that declares it. */
  readonly owner: BtfStruct
}

/**
 * A kernel's type information: every type by id, by name and kind, with sizes and offsets.
 *
 * Types are decoded when first asked for. Ids and names are not trusted: a wrong one throws
 * {@link FormatError}, and so does a type that contains itself.
 */
export class Btf {
  readonly source: string
  readonly base: Btf | undefined
  readonly littleEndian: boolean
  /** The first id that is this BTF's own; 1, or the number of types of the base. */
  readonly firstId: number
  /** All ids are smaller than this; `void`, id 0, counts. */
  readonly count: number

  private readonly foundMembers = new Map<number, Map<string, FoundMember | undefined>>()
  private readonly words: Uint32Array
  private readonly starts: Uint32Array
  private readonly kinds: Uint8Array
  private readonly strings: StringTable
  private readonly typesFileOffset: number
  /** String offsets below this belong to the base. */
  private readonly firstString: number
  private readonly decoded: (BtfType | undefined)[] = []
  private names: NameIndex | undefined
  private oldBitFields: boolean | undefined
  private longSize: number | undefined
  private lookups = 0

  /** Parses a raw `.BTF` blob. Throws {@link FormatError} where it is damaged. */
  constructor(blob: Uint8Array, options: BtfOptions = {}) {
    this.source = options.source ?? 'BTF'
    this.base = options.base
    const header = readHeader(blob, this.source)
    this.littleEndian = header.littleEndian
    this.typesFileOffset = header.typeStart
    this.words = readWords(blob, header.typeStart, header.typeLength, header.littleEndian)
    const index = indexTypes(this.words, this.source, header.typeStart)
    this.starts = index.starts
    this.kinds = index.kinds
    const strings = blob.subarray(header.stringStart, header.stringStart + header.stringLength)
    this.strings = new StringTable(strings, this.source, header.stringStart)
    this.firstId = this.base?.count ?? 1
    this.firstString = this.base?.stringsEnd ?? 0
    this.count = this.firstId + this.starts.length - 1
  }

  private get stringsEnd(): number {
    return this.firstString + this.strings.length
  }

  /** The type with this id; throws {@link FormatError} if there is none. */
  type(id: number): BtfType {
    if (id === 0) return VOID
    if (this.base !== undefined && id < this.firstId) return this.base.type(id)
    const index = id - this.firstId
    const known = this.decoded[index]
    if (known !== undefined) return known
    const type = this.decode(id, index)
    this.decoded[index] = type
    return type
  }

  /** The kind of the type with this id, without decoding it. */
  kind(id: number): BtfKind {
    if (id === 0) return 'void'
    if (this.base !== undefined && id < this.firstId) return this.base.kind(id)
    const kind = this.kinds[id - this.firstId]
    if (kind === undefined) throw this.noSuchType(id)
    return KIND_NAMES[kind]!
  }

  private decode(id: number, index: number): BtfType {
    const info = this.infoAt(index)
    const type = decodeType(this.words, this.starts[index]!, id, (offset) => this.nameAt(offset))
    if (this.hasOldBitFields && isStruct(type) && !kindFlagOf(info)) {
      return { ...type, members: type.members.map((member) => this.withOldBitField(member)) }
    }
    return type
  }

  /**
   * Before Linux 5.0 (9d5f9f701b18, pahole 1.13) a bit-field was a member whose int type has fewer
   * bits than its storage. Newer encoders write no such type, so that no member needs a look.
   */
  private get hasOldBitFields(): boolean {
    this.oldBitFields ??=
      this.base?.hasOldBitFields || hasPartialInt(this.words, this.starts, this.kinds)
    return this.oldBitFields
  }

  private infoAt(index: number): number {
    if (!(index >= 0 && index < this.kinds.length)) throw this.noSuchType(this.firstId + index)
    return this.words[this.starts[index]! + 1]!
  }

  private noSuchType(id: number): FormatError {
    const why = `type ${id} is referred to, but the last is ${this.count - 1}`
    return new FormatError(this.source, this.typesFileOffset, why)
  }

  private withOldBitField(member: BtfMember): BtfMember {
    // Only an int is decoded: structs that contain each other would have no end.
    const id = this.unwrap(member.type)
    const int = this.kind(id) === 'int' ? this.type(id) : undefined
    if (int?.kind !== 'int' || (int.bitOffset === 0 && int.bits === int.size * 8)) return member
    return { ...member, bitOffset: member.bitOffset + int.bitOffset, bitSize: int.bits }
  }

  private nameAt(offset: number): string {
    if (this.base !== undefined && offset < this.firstString) return this.base.nameAt(offset)
    return this.strings.at(offset - this.firstString)
  }

  /** This BTF and its base as one set of flat arrays, for those who go through all types. */
  raw(): RawTypes {
    const { words, starts, kinds, strings, source, typesFileOffset } = this
    const own = new RawTypes({ words, starts, kinds }, strings.bytes, source, typesFileOffset)
    return this.base === undefined ? own : this.base.raw().append(own)
  }

  /** Every type of this BTF and its base, in order of ids, without `void`. */
  *types(): Generator<BtfType> {
    for (let id = 1; id < this.count; id++) yield this.type(id)
  }

  /** The first type with this name and one of these kinds (any kind, if none is given). */
  find<K extends BtfKind = BtfKind>(name: string, ...kinds: readonly K[]): OfKind<K> | undefined {
    const [first] = this.findAll(name, ...kinds)
    return first
  }

  /**
   * All types with this name and one of these kinds, the base's first, in order of ids (as far as no
   * name stands twice among the strings).
   */
  *findAll<K extends BtfKind = BtfKind>(
    name: string,
    ...kinds: readonly K[]
  ): Generator<OfKind<K>> {
    if (name === '') return // what all anonymous types have is not a name
    if (this.base !== undefined) yield* this.base.findAll(name, ...kinds)
    for (const index of this.candidates(name)) {
      const id = this.firstId + index
      if (kinds.length > 0 && !(kinds as readonly BtfKind[]).includes(this.kind(id))) continue
      if (this.nameAt(this.words[this.starts[index]!]!) === name) yield this.type(id) as OfKind<K>
    }
  }

  /**
   * The engine's own searches through text and words are quick enough for a few names; an index of
   * all names pays for those who look up many, and finds names that strings share the ends of.
   */
  private *candidates(name: string): Generator<number> {
    if (this.names === undefined && this.lookups++ < LOOKUPS_WITHOUT_INDEX) {
      let found = false
      for (const index of this.named(name)) {
        found = true
        yield index
      }
      if (found) return
    }
    this.names ??= this.indexNames()
    yield* this.names.candidates(hashName(name))
  }

  /** The types whose name is a string of its own, found without any index. */
  private *named(name: string): Generator<number> {
    for (const offset of this.base?.strings.find(name) ?? []) yield* this.namedAt(offset)
    for (const offset of this.strings.find(name)) yield* this.namedAt(offset + this.firstString)
  }

  /** The types that refer to this string. */
  private *namedAt(offset: number): Generator<number> {
    const { words, starts } = this
    for (let at = words.indexOf(offset); at !== -1; at = words.indexOf(offset, at + 1)) {
      const index = indexOfSorted(starts, at)
      if (index !== -1 && index < starts.length - 1) yield index
    }
  }

  /** Like {@link find}, but throws {@link NotFoundError} that names the nearest ones. */
  get<K extends BtfKind = BtfKind>(name: string, ...kinds: readonly K[]): OfKind<K> {
    const found = this.find(name, ...kinds)
    if (found !== undefined) return found
    const what = kinds.length > 0 ? kinds.join(' or ') : 'type'
    throw new NotFoundError(
      `no ${what} ${name}`,
      nearestNames(name, this.allNames(kinds)),
      `${this.source} has none of this name`,
    )
  }

  private *allNames(kinds: readonly BtfKind[]): Generator<string> {
    if (this.base !== undefined) yield* this.base.allNames(kinds)
    for (let index = 0; index < this.starts.length - 1; index++) {
      const nameOffset = this.words[this.starts[index]!]!
      if (nameOffset === 0) continue
      if (kinds.length > 0 && !kinds.includes(this.kind(this.firstId + index))) continue
      yield this.nameAt(nameOffset)
    }
  }

  private indexNames(): NameIndex {
    const index = new NameIndex(this.starts.length - 1)
    for (let i = this.starts.length - 2; i >= 0; i--) {
      const offset = this.words[this.starts[i]!]!
      if (offset >= this.firstString && offset !== 0) {
        index.add(i, this.strings.hashAt(offset - this.firstString))
      } else if (offset !== 0) {
        index.add(i, hashName(this.nameAt(offset)))
      }
    }
    return index
  }

  /** The type behind typedefs, qualifiers and type tags. */
  resolve(id: number): Exclude<BtfType, BtfWrapper> {
    return this.type(this.unwrap(id)) as Exclude<BtfType, BtfWrapper>
  }

  private unwrap(id: number): number {
    let inner = id
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      if (!WRAPPERS.has(this.kind(inner))) return inner
      inner = this.targetOf(inner)
    }
    throw this.loop(id)
  }

  /** The `type` of `struct btf_type`. */
  private targetOf(id: number): number {
    if (this.base !== undefined && id < this.firstId) return this.base.targetOf(id)
    return this.words[this.starts[id - this.firstId]! + 2]!
  }

  /** Bytes that a value of this type takes, as `sizeof` in C; 0 for `void` and functions. */
  sizeOf(id: number): number {
    let count = 1
    let at = id
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const type = this.resolve(at)
      switch (type.kind) {
        case 'ptr':
          return count * this.pointerSize
        case 'array':
          count *= type.length
          if (count > Number.MAX_SAFE_INTEGER) throw this.loop(id)
          at = type.type
          break
        case 'var':
          at = type.type
          break
        case 'int':
        case 'float':
        case 'enum':
        case 'enum64':
        case 'struct':
        case 'union':
        case 'datasec':
          if (count * type.size > Number.MAX_SAFE_INTEGER) throw this.loop(id)
          return count * type.size
        default:
          return 0
      }
    }
    throw this.loop(id)
  }

  /** Bytes of a pointer, which BTF does not say: as many as a `long` has. */
  get pointerSize(): number {
    this.longSize ??= this.findLongSize()
    return this.longSize
  }

  private findLongSize(): number {
    for (const name of LONG_NAMES) {
      const size = this.find(name, 'int')?.size
      if (size !== undefined) return size === 4 ? 4 : 8
    }
    return 8
  }

  private loop(id: number): FormatError {
    return new FormatError(this.source, this.typesFileOffset, `type ${id} is too deep or too large`)
  }

  /**
   * The member `name` of a struct or union, looked for in its anonymous members too, its offset
   * made relative to the outermost struct.
   */
  findMember(struct: BtfStruct, name: string): FoundMember | undefined {
    let known = this.foundMembers.get(struct.id)
    if (known === undefined) {
      known = new Map()
      this.foundMembers.set(struct.id, known)
    }
    // Helpers ask for the same few members again and again.
    if (!known.has(name)) known.set(name, this.searchMember(struct, name))
    return known.get(name)
  }

  private searchMember(struct: BtfStruct, name: string): FoundMember | undefined {
    for (const member of this.flatMembers(struct)) if (member.name === name) return member
    return undefined
  }

  /** All named members, those of anonymous structs and unions included, with absolute offsets. */
  flatMembers(struct: BtfStruct): Generator<FoundMember> {
    return this.walkMembers(struct, 0, { depth: 0, members: 0 })
  }

  private *walkMembers(owner: BtfStruct, base: number, seen: Seen): Generator<FoundMember> {
    seen.members += owner.members.length
    if (++seen.depth > MAX_DEPTH || seen.members > MAX_MEMBERS) throw this.loop(owner.id)
    for (const member of owner.members) {
      const bitOffset = base + member.bitOffset
      if (member.name !== '') {
        yield { ...member, bitOffset, owner }
        continue
      }
      const inner = this.resolve(member.type)
      if (isStruct(inner)) yield* this.walkMembers(inner, bitOffset, seen)
    }
    seen.depth--
  }
}

const WRAPPERS: ReadonlySet<BtfKind> = new Set<BtfWrapper['kind']>([
  'typedef',
  'const',
  'volatile',
  'restrict',
  'type_tag',
])

/** How compilers name the type that is as wide as a pointer. */
const LONG_NAMES = ['long unsigned int', 'unsigned long', 'long int', 'long']

/** What a walk over members has been through. */
interface Seen {
  depth: number
  members: number
}

const isStruct = (type: BtfType): type is BtfStruct =>
  type.kind === 'struct' || type.kind === 'union'

const VOID: BtfType = { kind: 'void', id: 0, name: '' }

/** The position of a number in a sorted array, or -1. */
function indexOfSorted(sorted: Uint32Array, wanted: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const value = sorted[middle]!
    if (value === wanted) return middle
    if (value < wanted) low = middle + 1
    else high = middle - 1
  }
  return -1
}
