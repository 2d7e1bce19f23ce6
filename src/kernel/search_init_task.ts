import { findBytes } from '../bytes/find_bytes.js'
import type { Memory } from '../memory/memory.js'
import { readAvailable } from '../memory/read_available.js'
import type { ObjectSpace } from '../object/space.js'
import type { AddressRange } from '../symbols/areas.js'

/** INIT_TASK_COMM: "swapper", to which the start of the first CPU adds its number. */
const NAMES = ['swapper/0', 'swapper'].map((name) => new TextEncoder().encode(`${name}\0`))

const CHUNK = 1 << 22
const OVERLAP = 16

/** Where in the kernel's image something bears the name of `init_task`, which is part of the image. */
export function* searchInitTask(
  space: ObjectSpace,
  memory: Memory,
  { start, end }: AddressRange,
): Generator<bigint> {
  const offset = BigInt(space.at('task_struct', 0n).$offsetOf('comm'))
  const buffer = new Uint8Array(CHUNK)
  for (let at = start; at < end; at += BigInt(CHUNK - OVERLAP)) {
    const chunk = end - at < CHUNK ? buffer.subarray(0, Number(end - at)) : buffer
    readAvailable(memory, at, chunk)
    for (const name of NAMES) {
      for (let i = findBytes(chunk, name); i !== -1; i = findBytes(chunk, name, i + 1)) {
        yield at + BigInt(i) - offset
      }
    }
  }
}
