import type { Btf } from '../btf.js'
import type { BtfFuncProto, BtfKind, BtfSectionVar, BtfType } from '../kinds.js'
import { layOut, type StructLayout } from './layout.js'
import { placeOf } from './section.js'
import { typeName } from './type_name.js'

/** A member of a struct or union, or a variable of a section. */
export interface MemberDescription {
  /** Empty for anonymous structs and unions. */
  readonly name: string
  /** As C writes it: `struct list_head`, `char[16]`. */
  readonly type: string
  /**
   * Bytes from the start of the outermost struct, also of nested members. Of a bit-field, where its
   * storage unit starts: the aligned piece, as large as the declared type, that the bits lie in.
   */
  readonly offset: number
  /** Bytes; of a bit-field, the size of its storage unit. */
  readonly size: number
  /** Bits from the start of the storage unit; from its low end on little-endian machines. */
  readonly bitOffset?: number
  readonly bitSize?: number
  /** The members of an anonymous struct or union; of an array of such, those of the first one. */
  readonly members?: readonly MemberDescription[]
}

export interface EnumeratorDescription {
  readonly name: string
  /** bigint in enums of 64 bits. */
  readonly value: number | bigint
}

export interface ParameterDescription {
  /** Empty if the kernel's BTF does not tell. */
  readonly name: string
  readonly type: string
}

/** A type as data: the document of `ksight type --json`. */
export interface TypeDescription {
  /** Empty for anonymous types. */
  readonly name: string
  readonly kind: BtfKind
  /** Bytes, as `sizeof`; 0 for functions. */
  readonly size: number
  /** What a typedef, pointer, qualifier, array, variable or tag refers to; what a function returns. */
  readonly type?: string
  /** Of a struct, union, enum or section, also where a typedef stands for it. */
  readonly members?: readonly (MemberDescription | EnumeratorDescription)[]
  /** Of a function. */
  readonly params?: readonly ParameterDescription[]
  /** Tells whether a function takes more than its `params`. */
  readonly variadic?: boolean
  /** The section of a variable and its offset there, in bytes: for per-CPU variables. */
  readonly section?: string
  readonly offset?: number
}

/** Describes a type as data. Throws {@link FormatError} for one that contains itself. */
export function describeType(btf: Btf, type: BtfType): TypeDescription {
  const { name, kind } = type
  return { name, kind, size: btf.sizeOf(type.id), ...detailsOf(btf, type) }
}

function detailsOf(btf: Btf, type: BtfType): Partial<TypeDescription> {
  switch (type.kind) {
    case 'struct':
    case 'union':
      return { members: membersOf(layOut(btf, type)) }
    case 'enum':
    case 'enum64':
      return { members: type.values }
    case 'typedef': {
      const target = btf.resolve(type.type)
      const isList = ['struct', 'union', 'enum', 'enum64'].includes(target.kind)
      return { type: typeName(btf, type.type), ...(isList && detailsOf(btf, target)) }
    }
    case 'func': {
      const prototype = btf.type(type.type)
      return prototype.kind === 'func_proto' ? signatureOf(btf, prototype) : {}
    }
    case 'func_proto':
      return signatureOf(btf, type)
    case 'var':
      return { type: typeName(btf, type.type), ...placeOf(btf, type) }
    case 'datasec':
      return { members: type.vars.map((entry) => describeVar(btf, entry)) }
    case 'ptr':
    case 'array':
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'type_tag':
    case 'decl_tag':
      return { type: typeName(btf, type.type) }
    default:
      return {}
  }
}

function membersOf(layout: StructLayout): MemberDescription[] {
  return layout.members.map(({ member, type, offset, size, bitOffset, bitSize, inner }) => ({
    name: member.name,
    type,
    offset,
    size,
    ...(bitOffset !== undefined && { bitOffset }),
    ...(bitSize !== undefined && { bitSize }),
    ...(inner !== undefined && { members: membersOf(inner) }),
  }))
}

function signatureOf(btf: Btf, prototype: BtfFuncProto): Partial<TypeDescription> {
  const params = prototype.params.map(({ name, type }) => ({ name, type: typeName(btf, type) }))
  return { type: typeName(btf, prototype.type), params, variadic: prototype.variadic }
}

function describeVar(btf: Btf, { type, offset, size }: BtfSectionVar): MemberDescription {
  return { name: btf.type(type).name, type: typeName(btf, type), offset, size }
}
