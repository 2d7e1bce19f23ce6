import { MAX_DEPTH, type RawTypes } from '../raw.js'
import { RawMember } from '../raw_member.js'

/** How a struct must be declared so that a C compiler gives its members their offsets. */
const NATURAL = 1
export const PACKED = 2
/** No C declaration does it: members that overlap, or do not fit into the size. */
export const OPAQUE = 3

const POINTER_SIZE = 8

/**
 * Lays types out as a C compiler does (the System V ABI for 64-bit machines, as GCC and Clang
 * implement it), to find out where a header needs padding or `packed`. BTF says neither.
 */
export class CLayout {
  private readonly sizes: Float64Array
  /** 0 for types that have not been laid out. */
  private readonly alignments: Uint8Array
  private readonly modes: Uint8Array
  private readonly member: RawMember
  private depth = 0

  constructor(private readonly types: RawTypes) {
    this.sizes = new Float64Array(types.count)
    this.alignments = new Uint8Array(types.count)
    this.modes = new Uint8Array(types.count)
    this.member = new RawMember(types)
  }

  /** Bytes of a value, as `sizeof`. */
  size(id: number): number {
    if (this.alignments[id] === 0) this.measure(id)
    return this.sizes[id]!
  }

  /** Bytes, as `_Alignof`. */
  alignment(id: number): number {
    if (this.alignments[id] === 0) this.measure(id)
    return this.alignments[id]!
  }

  /** {@link NATURAL}, {@link PACKED} or {@link OPAQUE}; of a struct or union. */
  mode(id: number): number {
    if (this.alignments[id] === 0) this.measure(id)
    return this.modes[id]!
  }

  /** The bit at which a compiler puts a member, if those before it end at bit `end`. */
  place(end: number, type: number, bitSize: number, packed: boolean): number {
    if (bitSize === 0) return roundUp(end, packed ? 8 : this.alignment(type) * 8)
    const unit = this.size(type) * 8
    return packed || (end % unit) + bitSize <= unit ? end : roundUp(end, unit)
  }

  /** Where a struct ends, in bits, whose last member ends at `end`. */
  roundUp(end: number, id: number): number {
    return roundUp(end, this.alignment(id) * 8)
  }

  private measure(id: number): void {
    if (this.depth++ > MAX_DEPTH) throw this.types.damaged(id, 'it contains itself')
    const { types } = this
    switch (types.kind(id)) {
      case 1:
      case 6:
      case 16:
      case 19:
        this.set(id, types.sizeOrType(id), Math.min(types.sizeOrType(id), 16))
        break
      case 2:
        this.set(id, POINTER_SIZE, POINTER_SIZE)
        break
      case 3: {
        const at = types.at(id)
        const element = types.words[at + 3]!
        const length = types.words[at + 5]!
        this.set(id, length === 0 ? 0 : this.size(element) * length, this.alignment(element))
        break
      }
      case 4:
      case 5:
        this.measureStruct(id)
        break
      case 8:
      case 9:
      case 10:
      case 11:
      case 14:
      case 18: {
        const target = types.sizeOrType(id)
        this.set(id, this.size(target), this.alignment(target))
        break
      }
      default:
        this.set(id, 0, 1)
    }
    this.depth--
  }

  private set(id: number, size: number, alignment: number): void {
    this.sizes[id] = size
    this.alignments[id] = Math.max(alignment, 1)
  }

  private measureStruct(id: number): void {
    const size = this.types.sizeOrType(id)
    const alignment = this.alignmentIf(id, false)
    if (alignment !== 0 && size % alignment === 0) {
      this.modes[id] = NATURAL
      this.set(id, size, alignment)
    } else {
      this.modes[id] = this.alignmentIf(id, true) !== 0 ? PACKED : OPAQUE
      this.set(id, size, 1)
    }
  }

  /** The alignment of a struct if every member lands on its offset when gaps are filled; else 0. */
  private alignmentIf(id: number, packed: boolean): number {
    const { types } = this
    const { member } = this
    const flag = types.flag(id)
    const isUnion = types.kind(id) === 5
    const size = types.sizeOrType(id) * 8
    const first = types.at(id) + 3
    const stop = first + types.vlen(id) * 3
    let alignment = 1
    let end = 0
    for (let word = first; word < stop; word += 3) {
      member.read(word, flag)
      if (types.strings[member.name] === 0 && member.isPadding) continue
      const { bitOffset, bitSize, type } = member
      const own = this.alignment(type)
      if (own > alignment) alignment = own
      if (bitOffset < end || this.place(bitOffset, type, bitSize, packed) !== bitOffset) return 0
      const last = bitOffset + (bitSize !== 0 ? bitSize : this.sizes[type]! * 8)
      if (last > size) return 0
      if (!isUnion) end = last
      else if (bitOffset !== 0) return 0
    }
    return alignment
  }
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit
}
