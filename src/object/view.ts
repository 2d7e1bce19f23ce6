import type { BtfStruct } from '../btf/kinds.js'
import { readBytes } from '../memory/memory.js'
import type { UntypedView } from './kernel_types.js'
import { enumName, memberAt, offsetOf } from './path.js'
import type { ObjectSpace } from './space.js'

/** A larger struct than any kernel's; a size that BTF claims is not trusted beyond this. */
const MAX_STRUCT_SIZE = 16 * 1024 * 1024

/**
 * A struct or union in memory: a copy of its bytes taken in one read when a member is first
 * touched, so that its members agree with each other. Members are properties of the class that
 * `defineStruct` compiles; everything else is behind `$`, where no kernel name can collide with it.
 */
export abstract class View {
  /** Where it lies. */
  readonly $address: bigint
  private $copy: DataView | undefined
  private readonly $parent: View | undefined
  private readonly $base: number

  /** For use by compiled classes; `base` is the offset within the copy of `parent`. */
  constructor(address: bigint, copy?: Uint8Array, parent?: View, base = 0) {
    this.$address = address
    this.$copy = copy && new DataView(copy.buffer, copy.byteOffset, copy.byteLength)
    this.$parent = parent
    this.$base = base
  }

  abstract get $type(): BtfStruct
  abstract get $space(): ObjectSpace

  /** Its size in bytes, as `sizeof` in C. */
  get $size(): number {
    return this.$type.size
  }

  /** The copy of its bytes; reads it if that has not happened yet. */
  get $bytes(): Uint8Array {
    const { buffer, byteOffset, byteLength } = this.$data()
    return new Uint8Array(buffer, byteOffset, Math.min(byteLength, this.$size))
  }

  /** The copy as a DataView that starts with this struct. Throws {@link FaultError}. */
  $data(): DataView {
    this.$copy ??= this.$take()
    return this.$copy
  }

  private $take(): DataView {
    if (this.$parent !== undefined) {
      const outer = this.$parent.$data()
      return new DataView(outer.buffer, outer.byteOffset + this.$base, this.$size)
    }
    const length = Math.min(this.$size, MAX_STRUCT_SIZE)
    return new DataView(readBytes(this.$space.memory, this.$address, length).buffer)
  }

  /** A new view of the same struct with a copy of its bytes as they are now. */
  $read(): this {
    this.$space.memory.drop?.()
    const fresh = this.$space.classOf(this.$type).at(this.$address)
    fresh.$data()
    return fresh as unknown as this
  }

  /** Bytes from the start of the struct to a member; a path such as `se.sum_exec_runtime` works. */
  $offsetOf(path: string): number {
    return offsetOf(this.$space.btf, this.$type, path)
  }

  /** The address of a member: `&task->tasks` is `task.$addressOf('tasks')`. */
  $addressOf(path: string): bigint {
    return this.$address + BigInt(this.$offsetOf(path))
  }

  /** The name of an enum member's value, or undefined where the enum has no name for it. */
  $enumName(member: string): string | undefined {
    return enumName(this as UntypedView, member)
  }

  /** The value at the end of a dotted path, through structs, pointers and `[index]`. */
  $get(path: string): unknown {
    return memberAt(this as UntypedView, path)
  }

  /** Tells whether this kernel's struct has such a member. */
  $has(member: string): boolean {
    return this.$space.btf.findMember(this.$type, member) !== undefined
  }
}
