import type { Struct } from './kernel_types.js'
import type { ObjectSpace } from './space.js'
import type { View } from './view.js'

/**
 * `container_of(ptr, type, member)`: the struct `name` whose `member` lies at an address.
 * Throws {@link NotFoundError} where the struct has no such member.
 */
export function containerOf<Name extends string>(
  space: ObjectSpace,
  inner: View | bigint,
  name: Name,
  member: string,
): Struct<Name> {
  const type = space.struct(name)
  const address = typeof inner === 'bigint' ? inner : inner.$address
  const start = address - BigInt(type.at(0n).$offsetOf(member))
  return space.at(name, BigInt.asUintN(64, start))
}
