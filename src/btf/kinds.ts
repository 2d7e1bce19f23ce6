/**
 * The kinds of type that BTF knows, decoded. The numbers and encodings are those of the kernel's
 * include/uapi/linux/btf.h; ids refer to other types of the same (or the base) BTF, 0 is `void`.
 */
export const KIND_NAMES = [
  'void',
  'int',
  'ptr',
  'array',
  'struct',
  'union',
  'enum',
  'fwd',
  'typedef',
  'volatile',
  'const',
  'restrict',
  'func',
  'func_proto',
  'var',
  'datasec',
  'float',
  'decl_tag',
  'type_tag',
  'enum64',
] as const

export type BtfKind = (typeof KIND_NAMES)[number]

interface Base {
  readonly id: number
  /** Empty for anonymous types. */
  readonly name: string
}

export interface BtfVoid extends Base {
  readonly kind: 'void'
}

export interface BtfInt extends Base {
  readonly kind: 'int'
  /** Bytes of storage. */
  readonly size: number
  readonly signed: boolean
  readonly char: boolean
  readonly bool: boolean
  /** Bits of value; less than 8 × size in the old encoding of bit-fields. */
  readonly bits: number
  /** Where the value starts within the storage, in bits; only the old encoding of bit-fields. */
  readonly bitOffset: number
}

export interface BtfPtr extends Base {
  readonly kind: 'ptr'
  readonly type: number
}

export interface BtfArray extends Base {
  readonly kind: 'array'
  readonly type: number
  readonly indexType: number
  /** Number of elements; 0 for a flexible array. */
  readonly length: number
}

export interface BtfMember {
  /** Empty for an anonymous struct or union, or an unnamed bit-field. */
  readonly name: string
  readonly type: number
  /** From the start of the struct, in bits. */
  readonly bitOffset: number
  /** Bits of a bit-field in either encoding; 0 for an ordinary member. */
  readonly bitSize: number
}

export interface BtfStruct extends Base {
  readonly kind: 'struct' | 'union'
  readonly size: number
  readonly members: readonly BtfMember[]
}

export interface BtfEnumerator {
  readonly name: string
  /** number for 32-bit enums, bigint for 64-bit ones. */
  readonly value: number | bigint
}

export interface BtfEnum extends Base {
  readonly kind: 'enum' | 'enum64'
  readonly size: number
  readonly signed: boolean
  readonly values: readonly BtfEnumerator[]
}

export interface BtfFwd extends Base {
  readonly kind: 'fwd'
  readonly of: 'struct' | 'union'
}

/** Kinds that merely wrap another type. */
export interface BtfWrapper extends Base {
  readonly kind: 'typedef' | 'volatile' | 'const' | 'restrict' | 'type_tag'
  readonly type: number
}

export interface BtfFunc extends Base {
  readonly kind: 'func'
  /** A func_proto. */
  readonly type: number
  readonly linkage: 'static' | 'global' | 'extern'
}

export interface BtfParam {
  readonly name: string
  readonly type: number
}

export interface BtfFuncProto extends Base {
  readonly kind: 'func_proto'
  /** The type returned. */
  readonly type: number
  readonly params: readonly BtfParam[]
  readonly variadic: boolean
}

export interface BtfVar extends Base {
  readonly kind: 'var'
  readonly type: number
  readonly linkage: 'static' | 'global' | 'extern'
}

export interface BtfSectionVar {
  /** A var. */
  readonly type: number
  /** Bytes from the start of the section. */
  readonly offset: number
  readonly size: number
}

export interface BtfDatasec extends Base {
  readonly kind: 'datasec'
  readonly size: number
  readonly vars: readonly BtfSectionVar[]
}

export interface BtfFloat extends Base {
  readonly kind: 'float'
  readonly size: number
}

export interface BtfDeclTag extends Base {
  readonly kind: 'decl_tag'
  /** The struct, union, func, var or typedef that bears the tag. */
  readonly type: number
  /** Which member or parameter bears it; -1 for the type itself. */
  readonly component: number
}

export type BtfType =
  | BtfVoid
  | BtfInt
  | BtfPtr
  | BtfArray
  | BtfStruct
  | BtfEnum
  | BtfFwd
  | BtfWrapper
  | BtfFunc
  | BtfFuncProto
  | BtfVar
  | BtfDatasec
  | BtfFloat
  | BtfDeclTag
