import { FormatError } from '../../errors.js'
import type { Btf } from '../btf.js'
import type { BtfMember, BtfStruct } from '../kinds.js'
import { typeName } from './type_name.js'

const MAX_DEPTH = 64
/** More members than any struct has; anonymous structs in damaged BTF could multiply without end. */
const MAX_MEMBERS = 100_000

/** Room that no member uses. Bits belong to the storage of a bit-field, bytes to nothing. */
export interface Gap {
  readonly bytes: number
  readonly bits: number
}

export interface MemberLayout {
  readonly member: BtfMember
  /** The C spelling of its type. */
  readonly type: string
  /**
   * Bytes from the start of the outermost struct. Of a bit-field, where its storage unit starts: the
   * aligned piece, as large as the declared type, that the bits lie in; or, if they cross such
   * pieces, the bytes that they touch.
   */
  readonly offset: number
  /** Bytes; of a bit-field, the size of its storage unit. */
  readonly size: number
  /** From the start of the storage unit, in the kernel's bit order; only of bit-fields. */
  readonly bitOffset?: number
  /** Only of bit-fields. */
  readonly bitSize?: number
  /** Before this member. */
  readonly gap: Gap
  /** The members of an anonymous struct or union; of an array of such, those of the first one. */
  readonly inner?: StructLayout
}

/** Where the members of a struct or union lie, and where nothing does. */
export interface StructLayout {
  readonly struct: BtfStruct
  readonly members: readonly MemberLayout[]
  /** At the end. */
  readonly padding: Gap
}

/** Throws {@link FormatError} for a struct that contains itself. */
export function layOut(btf: Btf, struct: BtfStruct): StructLayout {
  return new Surveyor(btf).survey(struct, 0, 0)
}

class Surveyor {
  private members = 0

  constructor(private readonly btf: Btf) {}

  survey(struct: BtfStruct, base: number, depth: number): StructLayout {
    this.members += struct.members.length
    if (depth > MAX_DEPTH || this.members > MAX_MEMBERS) {
      const why = `struct ${struct.name} (type ${struct.id}) contains too much, or itself`
      throw new FormatError(this.btf.source, 0, why)
    }
    const members: MemberLayout[] = []
    let end = 0
    let unitEnd = 0
    for (const member of struct.members) {
      const unit = this.storageOf(member)
      const gap = struct.kind === 'struct' ? gapBetween(end, unitEnd, unit.start, member) : NO_GAP
      members.push(this.place(member, unit, gap, base, depth))
      end = member.bitOffset + (member.bitSize || unit.length)
      // Bit-fields in a row share the largest of their storage units.
      unitEnd = member.bitSize > 0 ? Math.max(unitEnd, unit.start + unit.length) : end
    }
    return { struct, members, padding: paddingOf(struct, end, unitEnd) }
  }

  /** The bits that a member, or the storage unit of a bit-field, takes. */
  private storageOf(member: BtfMember): { start: number; length: number } {
    const { bitOffset, bitSize } = member
    const length = this.btf.sizeOf(member.type) * 8
    if (bitSize === 0) return { start: bitOffset, length }
    const start = bitOffset - (bitOffset % length)
    if (bitOffset + bitSize <= start + length) return { start, length }
    const firstByte = Math.floor(bitOffset / 8)
    const lastByte = Math.ceil((bitOffset + bitSize) / 8)
    return { start: firstByte * 8, length: (lastByte - firstByte) * 8 }
  }

  private place(
    member: BtfMember,
    unit: { start: number; length: number },
    gap: Gap,
    base: number,
    depth: number,
  ): MemberLayout {
    const offset = base + Math.floor(unit.start / 8)
    const anonymous = this.anonymousOf(member)
    return {
      member,
      type: typeName(this.btf, member.type),
      offset,
      size: unit.length / 8,
      gap,
      ...(member.bitSize > 0 && {
        bitOffset: member.bitOffset - unit.start,
        bitSize: member.bitSize,
      }),
      ...(anonymous !== undefined && { inner: this.survey(anonymous, offset, depth + 1) }),
    }
  }

  /** The struct or union that only this member declares, if that is so. */
  private anonymousOf(member: BtfMember): BtfStruct | undefined {
    const { btf } = this
    let type = member.name === '' ? btf.resolve(member.type) : btf.type(member.type)
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      switch (type.kind) {
        case 'struct':
        case 'union':
          return type.name === '' || member.name === '' ? type : undefined
        case 'array':
        case 'const':
        case 'volatile':
        case 'type_tag':
          type = btf.type(type.type)
          break
        default:
          return undefined
      }
    }
    return undefined
  }
}

const NO_GAP: Gap = { bytes: 0, bits: 0 }

/** The gap between bit `end`, in a storage unit that ends at `unitEnd`, and the next member. */
function gapBetween(end: number, unitEnd: number, nextUnit: number, next: BtfMember): Gap {
  const start = next.bitOffset
  if (start <= end) return NO_GAP
  const usable = Math.min(start, Math.max(unitEnd, end))
  const bytesEnd = Math.max(usable, next.bitSize > 0 ? nextUnit : start)
  return {
    bytes: Math.floor((bytesEnd - usable) / 8),
    bits: usable - end + (start - bytesEnd) + ((bytesEnd - usable) % 8),
  }
}

function paddingOf(struct: BtfStruct, end: number, unitEnd: number): Gap {
  const size = struct.size * 8
  if (struct.kind === 'union' || end >= size) return NO_GAP
  const usable = Math.min(size, unitEnd)
  return { bytes: Math.floor((size - usable) / 8), bits: usable - end + ((size - usable) % 8) }
}
