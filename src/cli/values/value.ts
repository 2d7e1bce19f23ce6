import type { BtfArray, BtfEnum, BtfInt, BtfPtr, BtfStruct } from '../../btf/kinds.js'
import { FaultError, FormatError } from '../../errors.js'
import { pfFlagNames } from '../../kernel/pf_flags.js'
import { cString, readCString } from '../../object/c_string.js'
import { type Place, placeWithin } from '../../object/place.js'
import { compileBitField, compileReader } from '../../object/readers.js'
import type { ObjectSpace } from '../../object/space.js'
import { printable } from '../render/printable.js'

/** A value taken out of memory, ready to be shown as text or as JSON. */
export type Value =
  | NumberValue
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'enum'; readonly value: number | bigint; readonly name: string | undefined }
  | Pointer
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'members'; readonly of: 'struct' | 'union'; readonly members: Member[] }
  | Elements
  /** What leads to it is NULL. */
  | { readonly kind: 'nowhere'; readonly isNull: string }
  | { readonly kind: 'unknown' }

export interface NumberValue {
  readonly kind: 'number'
  readonly value: number | bigint
  /** Undefined for floating point. */
  readonly type: BtfInt | undefined
  /** Its bits mean something each; the names of those that are set, where they are known. */
  readonly flags?: readonly string[]
}

export interface Pointer {
  readonly kind: 'pointer'
  readonly address: bigint
  readonly isFunction: boolean
  /** What a `char *` into the kernel points to, if that is text. */
  readonly text: string | undefined
}

export interface Member {
  /** Empty for an anonymous struct or union. */
  readonly name: string
  readonly typeId: number
  readonly value: Value
}

export interface Elements {
  readonly kind: 'elements'
  /** 0 where it is not known: a flexible array. */
  readonly length: number
  readonly at: (index: number) => Value
}

/** Half of the addresses, the upper one, is the kernel's; the last page is errors in their place. */
const KERNEL_HALF = 0xffff_8000_0000_0000n
const FIRST_ERROR = 2n ** 64n - 4095n

export const isKernelAddress = (address: bigint) => address >= KERNEL_HALF && address < FIRST_ERROR

/** Structs that are nested deeper are taken for the work of damaged BTF, as are longer arrays. */
const MAX_DEPTH = 64
const MAX_ELEMENTS = 1 << 20

/** Takes out the value in a place. Throws {@link FormatError} where BTF cannot be right. */
export function valueIn(space: ObjectSpace, place: Place, depth = 0): Value {
  const { btf } = space
  if (depth > MAX_DEPTH) throw new FormatError(btf.source, 0, 'a type contains itself')
  const type = btf.resolve(place.typeId)
  switch (type.kind) {
    case 'int':
      return intIn(space, place, type)
    case 'enum':
    case 'enum64':
      return enumOf(number(space, place), type)
    case 'ptr':
      return pointerIn(space, place, type)
    case 'struct':
    case 'union':
      return membersIn(space, place, type, depth)
    case 'array':
      return arrayIn(space, place, type, depth)
    case 'float':
      return { kind: 'number', value: number(space, place), type: undefined }
    default:
      return { kind: 'unknown' }
  }
}

function pointerIn(space: ObjectSpace, place: Place, type: BtfPtr): Pointer {
  const { btf } = space
  const address = checked(space, place, 8).getBigUint64(place.bitOffset / 8, btf.littleEndian)
  const target = btf.resolve(type.type)
  const isText = target.kind === 'int' && /^(unsigned )?char$/.test(target.name)
  return {
    kind: 'pointer',
    address,
    isFunction: target.kind === 'func_proto',
    text: isText && isKernelAddress(address) ? textAt(space, address) : undefined,
  }
}

const LONGEST_TEXT = 256

function textAt({ memory }: ObjectSpace, address: bigint): string | undefined {
  try {
    const text = readCString(memory, address, LONGEST_TEXT)
    return text === '' || printable(text) !== text ? undefined : text
  } catch (error) {
    if (error instanceof FaultError) return undefined
    throw error
  }
}

function intIn(space: ObjectSpace, place: Place, type: BtfInt): Value {
  const value = number(space, place)
  if (type.bool) return { kind: 'bool', value: Boolean(value) }
  const flags = flagsOf(place, value)
  return { kind: 'number', value, type, ...(flags && { flags }) }
}

/** Flags are macros, which BTF knows nothing of: only what a member is called tells. */
function flagsOf({ member }: Place, value: number | bigint): string[] | undefined {
  if (member === undefined || !/(^|_)flags$/.test(member.name)) return undefined
  const isTaskFlags = member.name === 'flags' && member.owner.name === 'task_struct'
  return isTaskFlags ? pfFlagNames(Number(value)) : []
}

function number(space: ObjectSpace, place: Place): number | bigint {
  const { typeId, bitOffset, bitSize, address } = place
  const data = checked(space, place, bitSize > 0 ? bitSize / 8 : space.btf.sizeOf(typeId))
  const read =
    bitSize > 0 ? compileBitField(space, typeId, bitOffset, bitSize) : compileReader(space, typeId)
  return read(data, bitOffset / 8, address) as number | bigint
}

/** BTF may claim that a member lies where its struct has ended. */
function checked({ btf }: ObjectSpace, { data, bitOffset }: Place, size: number): DataView {
  if (bitOffset / 8 + size <= data.byteLength) return data
  throw new FormatError(btf.source, 0, 'a member lies behind the end of its struct')
}

/** By its name, or where each bit of it has one, by theirs: `A | B`. */
function enumOf(value: number | bigint, { values }: BtfEnum): Value {
  const wanted = BigInt(value)
  const exact = values.find((each) => BigInt(each.value) === wanted)
  if (exact !== undefined) return { kind: 'enum', value, name: exact.name }
  const bits = values.filter(({ value: bit }) => {
    const mask = BigInt(bit)
    return mask > 0n && (mask & (mask - 1n)) === 0n && (mask & wanted) !== 0n
  })
  const covered = bits.reduce((sum, bit) => sum | BigInt(bit.value), 0n)
  const name = covered === wanted ? bits.map((bit) => bit.name).join(' | ') : undefined
  return { kind: 'enum', value, name }
}

function membersIn(space: ObjectSpace, place: Place, type: BtfStruct, depth: number): Value {
  const members = type.members
    // An unnamed bit-field is but padding.
    .filter(({ name, bitSize }) => name !== '' || bitSize === 0)
    .map((member) => {
      const value = valueIn(space, placeWithin(place, { ...member, owner: type }), depth + 1)
      return { name: member.name, typeId: member.type, value }
    })
  return { kind: 'members', of: type.kind, members }
}

function arrayIn(
  space: ObjectSpace,
  place: Place,
  { type, length }: BtfArray,
  depth: number,
): Value {
  const { btf } = space
  const element = btf.resolve(type)
  const size = btf.sizeOf(type)
  const start = place.bitOffset / 8
  if (element.kind === 'int' && element.name === 'char' && length > 0) {
    const { buffer, byteOffset } = checked(space, place, length)
    return { kind: 'string', text: cString(new Uint8Array(buffer, byteOffset + start, length)) }
  }
  if (length > MAX_ELEMENTS) throw new FormatError(btf.source, 0, `an array has ${length} elements`)
  const at = (index: number) => {
    const bitOffset = (start + index * size) * 8
    return valueIn(space, { ...place, typeId: type, bitOffset }, depth + 1)
  }
  return { kind: 'elements', length: size === 0 ? 0 : length, at }
}
