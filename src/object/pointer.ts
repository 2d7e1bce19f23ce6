import { readBytes } from '../memory/memory.js'
import { readCString } from './c_string.js'
import { compileReader } from './readers.js'
import type { ObjectSpace } from './space.js'

/** A pointer to anything but a struct: `void *`, `char *`, `int *`, a pointer to a pointer. */
export class Pointer<Target = unknown> {
  constructor(
    readonly $space: ObjectSpace,
    readonly $address: bigint,
    /** BTF id of what it points to; 0 for `void`. */
    readonly $typeId: number,
  ) {}

  /** The value it points to, read now. Throws {@link FaultError}; undefined for `void` and code. */
  get $target(): Target {
    return this.$at(0)
  }

  /** The value `index` elements further on, as `p[index]` in C. */
  $at(index: number): Target {
    const { btf, memory } = this.$space
    const size = btf.sizeOf(this.$typeId)
    if (size === 0) return undefined as Target
    const address = this.$address + BigInt(index) * BigInt(size)
    const bytes = readBytes(memory, address, size)
    const read = compileReader(this.$space, this.$typeId)
    return read(new DataView(bytes.buffer), 0, address) as Target
  }

  /** The NUL-terminated string it points to, at most `limit` bytes of it. */
  $string(limit = 4096): string {
    return readCString(this.$space.memory, this.$address, limit)
  }
}
