import type { Btf } from '../btf/btf.js'
import type { BtfStruct } from '../btf/kinds.js'
import type { Memory } from '../memory/memory.js'
import { defineStruct, type StructClass } from './define_struct.js'
import type { Struct } from './kernel_types.js'

/** Types and the memory in which their values lie: what a typed view needs. */
export class ObjectSpace {
  private readonly classes = new Map<number, StructClass>()
  private readonly byName = new Map<string, StructClass>()

  constructor(
    readonly btf: Btf,
    readonly memory: Memory,
  ) {}

  /** The compiled class of a struct or union type. */
  classOf(type: BtfStruct): StructClass {
    let compiled = this.classes.get(type.id)
    if (compiled === undefined) {
      compiled = defineStruct(this, type)
      this.classes.set(type.id, compiled)
    }
    return compiled
  }

  /**
   * The struct or union `name` (its tag, or the typedef of an anonymous one). Throws
   * {@link NotFoundError} if the kernel has none.
   */
  struct(name: string): StructClass {
    let known = this.byName.get(name)
    if (known === undefined) {
      known = this.classOf(this.findStruct(name))
      this.byName.set(name, known)
    }
    return known
  }

  private findStruct(name: string): BtfStruct {
    const tagged = this.btf.find(name, 'struct', 'union')
    if (tagged !== undefined) return tagged
    const alias = this.btf.find(name, 'typedef')
    const type = alias && this.btf.resolve(alias.id)
    if (type?.kind === 'struct' || type?.kind === 'union') return type
    return this.btf.get(name, 'struct', 'union')
  }

  /** Tells whether this kernel has the struct, and the struct this member. */
  has(struct: string, member: string): boolean {
    const type = this.btf.find(struct, 'struct', 'union')
    return type !== undefined && this.btf.findMember(type, member) !== undefined
  }

  /** A view of the struct or union `name` at `address`; nothing is read before it is touched. */
  at<Name extends string>(name: Name, address: bigint): Struct<Name> {
    return this.struct(name).at(address) as Struct<Name>
  }

  /**
   * Views of `name` at many addresses, read with one gather. What could not be read is left out of
   * the copies: touching such a view throws its fault.
   */
  manyAt<Name extends string>(name: Name, addresses: readonly bigint[]): Struct<Name>[] {
    const type = this.struct(name)
    const length = type.type.size
    const read = this.memory.gather(addresses.map((address) => ({ address, length })))
    return addresses.map((address, i) => {
      const bytes = read[i]
      return type.at(address, bytes instanceof Uint8Array ? bytes : undefined) as Struct<Name>
    })
  }
}
