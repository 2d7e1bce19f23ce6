import type { ByteSource } from '../bytes/byte_source.js'
import { UsageError } from '../errors.js'
import { type Dump, NOTHING_ELSE } from './dump.js'
import { ExtentMemory } from './extent_memory.js'
import { Extents } from './extents.js'
import { MAX_ADDRESS } from './physical_memory.js'

/** Physical addresses, from `start` to `end`, where there is no RAM. */
export interface Gap {
  readonly start: bigint
  readonly end: bigint
}

export const RAW_FORMAT = 'raw physical memory'

const GIB = 2 ** 30

/**
 * The gaps below 4 GiB that QEMU's PC machines leave for devices if RAM has `size` bytes (hw/i386/
 * pc_piix.c and pc_q35.c): of `q35` from 2.75 GiB of RAM on, of `pc` from 3.5 GiB on. Which of them it
 * is, or none, the content must tell.
 */
export function qemuGaps(size: number): Gap[] {
  const end = BigInt(4 * GIB)
  const gaps: Gap[] = []
  if (size >= 2.75 * GIB) gaps.push({ start: BigInt(2 * GIB), end })
  if (size >= 3.5 * GIB) gaps.push({ start: BigInt(3 * GIB), end })
  return gaps
}

/**
 * A file that is physical memory and nothing else, such as the RAM of a virtual machine while it
 * runs. It has no header that would say where RAM is: without a `gap` an offset is the physical
 * address; with one, what is in the file from the gap's start on is RAM from the gap's end on.
 */
export function openRaw(source: ByteSource, gap: Gap = { start: 0n, end: 0n }): Dump {
  const memory = new ExtentMemory(source, extentsAround(gap, source.size))
  return {
    ...NOTHING_ELSE,
    format: RAW_FORMAT,
    physical: memory,
    ranges: memory.ranges,
    incomplete: undefined,
  }
}

function extentsAround({ start, end }: Gap, size: number): Extents {
  if (start < 0n || end < start || end + BigInt(size) > MAX_ADDRESS) {
    throw new UsageError(`a gap from ${start} to ${end}`, 'it is no range of physical addresses')
  }
  const below = Math.min(Number(start), size)
  const extents = new Extents()
  extents.add(0, below, 0)
  extents.add(Number(end), Number(end) + size - below, below)
  return extents
}
