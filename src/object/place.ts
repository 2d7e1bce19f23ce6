import type { FoundMember } from '../btf/btf.js'
import { NotFoundError, UsageError } from '../errors.js'
import { readBytes } from '../memory/memory.js'
import { noSuchMember, steps } from './path.js'
import type { ObjectSpace } from './space.js'
import type { View } from './view.js'

/** A value in memory: its type, a copy of the bytes it is in, and where in them it starts. */
export interface Place {
  /** BTF id of its type, as declared. */
  readonly typeId: number
  readonly data: DataView
  /** From the start of `data`. */
  readonly bitOffset: number
  /** Bits of a bit-field; 0 for anything else. */
  readonly bitSize: number
  /** Where `data` starts in memory. */
  readonly address: bigint
  /** The member that it is, or is an element of. */
  readonly member?: FoundMember
}

/** The place of a whole struct. */
export function placeOf(view: View): Place {
  const data = view.$data()
  return { typeId: view.$type.id, data, bitOffset: 0, bitSize: 0, address: view.$address }
}

/**
 * The place at the end of a path, such as `mm.pgd`, `cred.euid.val` or `signal.rlim[3]`; pointers
 * are followed, also by index, as in C. What of the path leads to NULL is given as a text.
 * Throws {@link NotFoundError} for a member that there is not.
 */
export function placeAt(view: View, path: string): Place | { readonly isNull: string } {
  const space = view.$space
  let place = placeOf(view)
  let passed = ''
  for (const step of steps(path)) {
    const pointer = pointerIn(space, place)
    if (pointer?.address === 0n) return { isNull: passed }
    if (pointer !== undefined) {
      place = behind(space, pointer, typeof step === 'number' ? step : 0)
    } else if (typeof step === 'number') {
      place = elementOf(space, place, step, passed)
    }
    if (typeof step === 'string') place = memberOf(space, place, step)
    passed += typeof step === 'number' ? `[${step}]` : `${passed && '.'}${step}`
  }
  return place
}

interface Target {
  readonly address: bigint
  readonly typeId: number
}

/** Where the pointer in this place points to; undefined if it is none. */
function pointerIn({ btf }: ObjectSpace, { typeId, data, bitOffset }: Place): Target | undefined {
  const type = btf.resolve(typeId)
  if (type.kind !== 'ptr') return undefined
  return { address: data.getBigUint64(bitOffset / 8, btf.littleEndian), typeId: type.type }
}

/** `pointer[index]` */
function behind(space: ObjectSpace, { address, typeId }: Target, index: number): Place {
  const size = space.btf.sizeOf(typeId)
  if (size === 0) {
    throw new NotFoundError('nothing to follow', [], 'the type behind this pointer is not known')
  }
  const at = BigInt.asUintN(64, address + BigInt(index) * BigInt(size))
  const bytes = readBytes(space.memory, at, size)
  return { typeId, data: new DataView(bytes.buffer), bitOffset: 0, bitSize: 0, address: at }
}

function elementOf(space: ObjectSpace, place: Place, index: number, path: string): Place {
  const { btf } = space
  const array = btf.resolve(place.typeId)
  if (array.kind !== 'array') {
    throw new UsageError(`cannot follow ${path}[${index}]`, `${path} is neither array nor pointer`)
  }
  const start = place.address + BigInt(place.bitOffset / 8)
  // The length of a flexible array is not known to the type: it is read as far as asked.
  if (array.length === 0) return behind(space, { address: start, typeId: array.type }, index)
  if (index >= array.length) {
    throw new UsageError(`cannot follow ${path}[${index}]`, `it has ${array.length} elements`)
  }
  const bitOffset = place.bitOffset + index * btf.sizeOf(array.type) * 8
  return { ...place, typeId: array.type, bitOffset }
}

function memberOf({ btf }: ObjectSpace, place: Place, name: string): Place {
  const type = btf.resolve(place.typeId)
  if (type.kind !== 'struct' && type.kind !== 'union') {
    throw new NotFoundError(`no member ${name}`, [], 'what stands before it is no struct')
  }
  const member = btf.findMember(type, name)
  if (member === undefined) throw noSuchMember(btf, type, name)
  return placeWithin(place, member)
}

/** The place of a member of the struct or union that is in a place. */
export function placeWithin(place: Place, member: FoundMember): Place {
  const { type, bitOffset, bitSize } = member
  return { ...place, typeId: type, bitOffset: place.bitOffset + bitOffset, bitSize, member }
}
