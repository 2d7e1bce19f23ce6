import type { Btf } from '../../src/btf/btf.js'
import { describeType, type MemberDescription } from '../../src/btf/c/describe_type.js'
import type { BtfStruct } from '../../src/btf/kinds.js'

/** A member as C reaches it, `foo.bar` or `foo[0].bar`, and the bits that it takes. */
export interface MemberBits {
  readonly path: string
  readonly firstBit: number
  /** 0 for a member that is no bit-field. */
  readonly bits: number
}

/** A struct or union with the name that a C header has for it. */
export interface NamedStruct {
  readonly type: BtfStruct
  /** `struct foo`, or `struct foo___2` where that name is taken by a type with a lower id. */
  readonly name: string
  /** Whether other structs, unions or enums have the same tag. */
  readonly clashes: boolean
}

export function namedStructs(btf: Btf): NamedStruct[] {
  const counts = new Map<string, number>()
  const tagged = [...btf.types()].flatMap((type) => {
    if (!('members' in type) && !('values' in type)) return []
    const count = (counts.get(type.name) ?? 0) + 1
    counts.set(type.name, count)
    return [{ type, name: count > 1 ? `${type.name}___${count}` : type.name }]
  })
  return tagged.flatMap(({ type, name }) => {
    if (!('members' in type) || type.name === '') return []
    return [{ type, name: `${type.kind} ${name}`, clashes: counts.get(type.name)! > 1 }]
  })
}

/** The members of a struct as {@link describeType} tells them, those of anonymous structs too. */
export function memberBits(btf: Btf, type: BtfStruct): MemberBits[] {
  return flatten(describeType(btf, type).members as readonly MemberDescription[], '')
}

function flatten(members: readonly MemberDescription[], prefix: string): MemberBits[] {
  return members.flatMap((member) => {
    const { name, type, offset, bitOffset = 0, bitSize = 0 } = member
    const own = { path: prefix + name, firstBit: offset * 8 + bitOffset, bits: bitSize }
    const dimensions = type.match(/\[\d+\]/g) ?? []
    const inner = name === '' ? prefix : `${prefix}${name}${dimensions.map(() => '[0]').join('')}.`
    return [...(name === '' ? [] : [own]), ...flatten(member.members ?? [], inner)]
  })
}
