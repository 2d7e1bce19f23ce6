import type { Btf } from '../btf/btf.js'
import type { BtfStruct } from '../btf/kinds.js'
import { nearestNames } from '../bytes/nearest.js'
import { NotFoundError, UsageError } from '../errors.js'
import type { UntypedView } from './kernel_types.js'
import { Pointer } from './pointer.js'
import { View } from './view.js'

/** `a.b[3].c` as its steps: names and indexes. */
export function steps(path: string): (string | number)[] {
  const found = path.match(/[^.[\]]+|\[\d+\]/g)
  if (found === null || found.join('').length !== path.replaceAll('.', '').length) {
    throw new UsageError(
      `${path} is no path to a member`,
      'it is made of names, dots and [numbers]',
    )
  }
  return found.map((step) => (step.startsWith('[') ? Number(step.slice(1, -1)) : step))
}

/** The error for a member that a struct does not have; names the ones that look like it. */
export function noSuchMember(btf: Btf, type: BtfStruct, name: string): NotFoundError {
  const names = [...btf.flatMembers(type)].map((member) => member.name)
  const what = `${type.kind} ${type.name || '(anonymous)'}`
  return new NotFoundError(
    `no member ${name}`,
    nearestNames(name, names),
    `${what} of this kernel has none of this name`,
  )
}

/** Bytes from the start of a struct to a (nested) member. Throws {@link NotFoundError}. */
export function offsetOf(btf: Btf, type: BtfStruct, path: string): number {
  let offset = 0
  let at = type.id
  for (const step of steps(path)) {
    const holder = btf.resolve(at)
    if (typeof step === 'number' && holder.kind === 'array') {
      offset += step * btf.sizeOf(holder.type)
      at = holder.type
      continue
    }
    if (holder.kind !== 'struct' && holder.kind !== 'union') {
      throw new UsageError(`cannot take the offset of ${path}`, `${step} is not within the struct`)
    }
    const member = btf.findMember(holder, String(step))
    if (member === undefined) throw noSuchMember(btf, holder, String(step))
    offset += Math.floor(member.bitOffset / 8)
    at = member.type
  }
  return offset
}

/** The value at the end of a path; follows pointers. NULL on the way gives null. */
export function memberAt(view: UntypedView, path: string): unknown {
  let value: unknown = view
  for (const step of steps(path)) {
    if (value === null || value === undefined) return null
    value = typeof step === 'number' ? elementOf(value, step, path) : memberOf(value, step)
  }
  return value
}

function memberOf(value: unknown, name: string): unknown {
  const target = value instanceof Pointer ? value.$target : value
  if (!(target instanceof View)) {
    throw new NotFoundError(`no member ${name}`, [], 'what stands before it is no struct')
  }
  if (!target.$has(name)) throw noSuchMember(target.$space.btf, target.$type, name)
  return (target as UntypedView)[name]
}

function elementOf(value: unknown, index: number, path: string): unknown {
  if (value instanceof Pointer) return value.$at(index)
  if (Array.isArray(value)) {
    if (index < value.length) return value[index]
    throw new UsageError(`${path} goes too far`, `the array has ${value.length} elements`)
  }
  if (value !== null && typeof value === 'object' && '$at' in value) {
    return (value as { $at(index: number): unknown }).$at(index)
  }
  throw new UsageError(`${path} cannot be followed`, `[${index}] stands behind what is no array`)
}

/** The name that an enum member's type has for its value. */
export function enumName(view: UntypedView, name: string): string | undefined {
  const { btf } = view.$space
  const member = btf.findMember(view.$type, name)
  if (member === undefined) throw noSuchMember(btf, view.$type, name)
  const type = btf.resolve(member.type)
  if (type.kind !== 'enum' && type.kind !== 'enum64') return undefined
  const value: unknown = view[name]
  return type.values.find((enumerator) => BigInt(enumerator.value) === BigInt(value as number))
    ?.name
}
