import type { BtfArray, BtfType } from '../btf/kinds.js'
import { bitFieldReader } from './bit_field.js'
import { cString } from './c_string.js'
import { FlexibleArray } from './flexible_array.js'
import { Pointer } from './pointer.js'
import type { ObjectSpace } from './space.js'
import type { View } from './view.js'

/**
 * Takes one value out of a copy of memory: `at` is its offset in `data`, `address` where the value
 * lies in memory, `owner` the struct whose member it is.
 */
export type Reader = (data: DataView, at: number, address: bigint, owner?: View) => unknown

/** The largest array that is made of one member. */
const MAX_ELEMENTS = 1 << 22

/** Compiles the reader of a type: everything that BTF says is decided here, once. */
export function compileReader(space: ObjectSpace, typeId: number): Reader {
  const { btf } = space
  const type = btf.resolve(typeId)
  const little = btf.littleEndian
  switch (type.kind) {
    case 'int':
      return type.bool ? (data, at) => data.getUint8(at) !== 0 : integerReader(type, little)
    case 'enum':
    case 'enum64':
      return integerReader(type, little)
    case 'float':
      return floatReader(type.size, little)
    case 'ptr':
      return pointerReader(space, type.type)
    case 'array':
      return arrayReader(space, type)
    case 'struct':
    case 'union':
      return (data, at, address, owner) => {
        const struct = space.classOf(type)
        if (owner !== undefined) return struct.within(owner, at)
        const bytes = new Uint8Array(data.buffer, data.byteOffset + at, type.size)
        return struct.at(address, bytes)
      }
    default:
      return () => undefined
  }
}

/** The reader of a bit-field of this type. */
export function compileBitField(
  space: ObjectSpace,
  typeId: number,
  bitOffset: number,
  bitSize: number,
): Reader {
  const type = space.btf.resolve(typeId)
  const signed =
    (type.kind === 'int' || type.kind === 'enum' || type.kind === 'enum64') && type.signed
  const read = bitFieldReader(bitOffset, bitSize, signed, space.btf.littleEndian)
  if (type.kind === 'int' && type.bool) return (data) => read(data) !== 0
  return read
}

function integerReader(type: { size: number; signed: boolean }, little: boolean): Reader {
  switch (type.size) {
    case 1:
      return type.signed ? (data, at) => data.getInt8(at) : (data, at) => data.getUint8(at)
    case 2:
      return type.signed
        ? (data, at) => data.getInt16(at, little)
        : (data, at) => data.getUint16(at, little)
    case 4:
      return type.signed
        ? (data, at) => data.getInt32(at, little)
        : (data, at) => data.getUint32(at, little)
    case 8:
      return type.signed
        ? (data, at) => data.getBigInt64(at, little)
        : (data, at) => data.getBigUint64(at, little)
    case 16:
      return (data, at) => {
        const low = data.getBigUint64(little ? at : at + 8, little)
        const high = data.getBigUint64(little ? at + 8 : at, little)
        const value = (high << 64n) | low
        return type.signed ? BigInt.asIntN(128, value) : value
      }
    default:
      return (data, at) => new Uint8Array(data.buffer, data.byteOffset + at, type.size)
  }
}

function floatReader(size: number, little: boolean): Reader {
  if (size === 4) return (data, at) => data.getFloat32(at, little)
  if (size === 8) return (data, at) => data.getFloat64(at, little)
  return (data, at) => new Uint8Array(data.buffer, data.byteOffset + at, size)
}

/** A pointer to a struct is the struct's view; any other pointer a {@link Pointer}; NULL is null. */
function pointerReader(space: ObjectSpace, targetId: number): Reader {
  const little = space.btf.littleEndian
  const target = space.btf.resolve(targetId)
  if (target.kind === 'struct' || target.kind === 'union') {
    return (data, at) => {
      const address = data.getBigUint64(at, little)
      return address === 0n ? null : space.classOf(target).at(address)
    }
  }
  return (data, at) => {
    const address = data.getBigUint64(at, little)
    return address === 0n ? null : new Pointer(space, address, targetId)
  }
}

function arrayReader(space: ObjectSpace, array: BtfArray): Reader {
  if (array.length === 0) {
    return (_data, _at, address) => new FlexibleArray(space, address, array.type)
  }
  if (isChar(space.btf.resolve(array.type))) {
    return (data, at) => cString(new Uint8Array(data.buffer, data.byteOffset + at, array.length))
  }
  const size = space.btf.sizeOf(array.type)
  const length = Math.min(array.length, MAX_ELEMENTS)
  // Compiled when first used: an array of structs that hold arrays of structs is rarely looked at.
  let element: Reader | undefined
  return (data, at, address, owner) => {
    element ??= compileReader(space, array.type)
    const values: unknown[] = []
    for (let i = 0; i < length; i++) {
      values.push(element(data, at + i * size, address + BigInt(i * size), owner))
    }
    return values
  }
}

/** C's plain `char`; BTF's own mark for it is never set by the tools that make kernels' BTF. */
export function isChar(type: BtfType): boolean {
  return type.kind === 'int' && type.name === 'char'
}
