import type { FoundMember } from '../btf/btf.js'
import type { BtfStruct } from '../btf/kinds.js'
import { FormatError } from '../errors.js'
import { compileBitField, compileReader, type Reader } from './readers.js'
import type { ObjectSpace } from './space.js'
import { View } from './view.js'

/** The compiled class of one struct or union type. */
export interface StructClass {
  readonly type: BtfStruct
  /** A view at an address, with the bytes if they have been read already. */
  at(address: bigint, bytes?: Uint8Array): View
  /** A view of a member, `offset` bytes into its owner, that shares the owner's copy. */
  within(owner: View, offset: number): View
}

/** Makes the class of a type: a property on its prototype for each member that can be named. */
export function defineStruct(space: ObjectSpace, type: BtfStruct): StructClass {
  class Compiled extends View {
    override get $type(): BtfStruct {
      return type
    }
    override get $space(): ObjectSpace {
      return space
    }
  }
  Object.defineProperty(Compiled, 'name', { value: type.name || `anonymous_${type.kind}` })
  const members = membersOf(space, type)
  Object.setPrototypeOf(Compiled.prototype, members)
  // Some of the kernel's structs have a member of this name.
  if (Object.hasOwn(members, 'constructor')) {
    Reflect.deleteProperty(Compiled.prototype, 'constructor')
  }
  return {
    type,
    at: (address, bytes) => new Compiled(address, bytes),
    within: (owner, offset) =>
      new Compiled(owner.$address + BigInt(offset), undefined, owner, offset),
  }
}

/**
 * An object with all members, between View and the class. While it is no prototype yet, defining a
 * member takes a tenth of the time.
 */
function membersOf(space: ObjectSpace, type: BtfStruct): View {
  const members: View = Object.create(View.prototype)
  for (const member of space.btf.flatMembers(type)) {
    // Of two anonymous members that bear the same name, the first counts, as in a debugger.
    if (!Object.hasOwn(members, member.name)) defineMember(space, type, members, member)
  }
  return members
}

function defineMember(
  space: ObjectSpace,
  type: BtfStruct,
  prototype: View,
  member: FoundMember,
): void {
  const offset = Math.floor(member.bitOffset / 8)
  const bigOffset = BigInt(offset)
  let read: Reader | undefined
  Object.defineProperty(prototype, member.name, {
    enumerable: true,
    configurable: true,
    get(this: View) {
      read ??= compileMember(space, type, member)
      return read(this.$data(), offset, this.$address + bigOffset, this)
    },
  })
}

function compileMember(space: ObjectSpace, type: BtfStruct, member: FoundMember): Reader {
  const { btf } = space
  const bits = member.bitSize > 0 ? member.bitSize : btf.sizeOf(member.type) * 8
  if (member.bitOffset + bits > type.size * 8) {
    throw new FormatError(btf.source, 0, `member ${member.name} lies behind the end of its struct`)
  }
  if (member.bitSize > 0) {
    return compileBitField(space, member.type, member.bitOffset, member.bitSize)
  }
  return compileReader(space, member.type)
}
