import { InconsistentError } from '../errors.js'
import { readBytes } from '../memory/memory.js'
import { cString } from './c_string.js'
import { compileReader } from './readers.js'
import type { ObjectSpace } from './space.js'

/** The most elements that are taken at once; their number comes from memory that may be damaged. */
const MAX_BYTES = 64 * 1024 * 1024

/** An array of unknown length at the end of a struct (`[]` or `[0]`); its elements are read anew. */
export class FlexibleArray<Element = unknown> {
  constructor(
    readonly $space: ObjectSpace,
    readonly $address: bigint,
    /** BTF id of an element. */
    readonly $typeId: number,
  ) {}

  $at(index: number): Element {
    const size = this.$space.btf.sizeOf(this.$typeId)
    const address = this.$address + BigInt(index * size)
    const bytes = readBytes(this.$space.memory, address, size)
    return compileReader(this.$space, this.$typeId)(
      new DataView(bytes.buffer),
      0,
      address,
    ) as Element
  }

  /** The first `count` elements, taken in one read. */
  $take(count: number): Element[] {
    const size = this.$space.btf.sizeOf(this.$typeId)
    if (size === 0) return []
    if (!(count >= 0 && count * size <= MAX_BYTES)) {
      throw new InconsistentError(
        `cannot take ${count} elements of ${size} bytes`,
        'they are too many to be taken at once',
      )
    }
    const bytes = readBytes(this.$space.memory, this.$address, count * size)
    const data = new DataView(bytes.buffer)
    const read = compileReader(this.$space, this.$typeId)
    return Array.from({ length: count }, (_, i) => {
      return read(data, i * size, this.$address + BigInt(i * size)) as Element
    })
  }

  /** The first `length` bytes as text, cut at the NUL; for a flexible `char[]`. */
  $string(length: number): string {
    return cString(readBytes(this.$space.memory, this.$address, length))
  }
}
