import { hex } from '../bytes/hex.js'
import { InconsistentError, UnsupportedError } from '../errors.js'
import { type Memory, readBytes } from '../memory/memory.js'
import type { Fact } from './fact.js'
import { parseVmcoreinfoNote, type Vmcoreinfo } from './vmcoreinfo.js'

/** VMCOREINFO_NOTE_SIZE is a page on every architecture so far. */
const NOTE_SIZE = 4096

/** KASLR places the direct map at a multiple of 1 GiB (PUD_SIZE) on x86-64. */
const DIRECT_MAP_ALIGN = 1n << 30n

/** The direct map of x86-64 with 4 levels starts at or above this, with 5 levels far below it. */
const LARGEST_RAM = 1n << 46n

/** How many candidates are tried with one gather. */
const BATCH = 4096

export interface DirectMap {
  readonly pageOffset: Fact<bigint>
  readonly vmcoreinfo: Fact<Vmcoreinfo>
}

/**
 * PAGE_OFFSET and VMCOREINFO, which confirm each other: VMCOREINFO lies at a known physical
 * address, and the direct map shows physical address 0 at PAGE_OFFSET. PAGE_OFFSET is the value of
 * the variable `page_offset_base`, or it is looked for below the address of an object that lies in
 * the direct map, such as a task.
 */
export function findDirectMap(
  memory: Memory,
  release: string,
  physical: bigint,
  pageOffsetVariable: bigint | undefined,
  inDirectMap: bigint,
): DirectMap {
  const known = pageOffsetVariable !== undefined ? [pageOffsetVariable] : []
  for (const candidates of batches(known, inDirectMap)) {
    const ranges = candidates.map((base) => ({ address: base + physical, length: NOTE_SIZE }))
    const index = memory.gather(ranges).findIndex((note) => isNoteOf(note, release))
    if (index === -1) continue
    const pageOffset = candidates[index]!
    const how =
      pageOffset === pageOffsetVariable
        ? 'variable page_offset_base'
        : `VMCOREINFO looked for at physical ${hex(physical)} below a task's address`
    return describe(memory, release, physical, pageOffset, how)
  }
  throw new UnsupportedError(
    'cannot find PAGE_OFFSET',
    `no VMCOREINFO of ${release} at physical ${hex(physical)} in any direct map`,
    'encrypted or unmapped VMCOREINFO, or an architecture that is not known yet',
  )
}

/**
 * PAGE_OFFSET by the page tables: how far the address of an object in the direct map is from where
 * it lies in physical memory. The variable `page_offset_base` must agree, where it is known.
 */
export function translatedPageOffset(
  inDirectMap: bigint,
  toPhysical: (address: bigint) => bigint,
  variable: bigint | undefined,
): Fact<bigint> {
  const value = inDirectMap - toPhysical(inDirectMap)
  if (variable !== undefined && variable !== value) {
    throw new InconsistentError(
      'cannot tell PAGE_OFFSET',
      `a task lies at PAGE_OFFSET ${hex(value)} by the page tables, page_offset_base is ${hex(variable)}`,
    )
  }
  return {
    name: 'PAGE_OFFSET',
    value,
    how: 'the page tables, which tell where a task lies',
    checked:
      variable === undefined
        ? 'nothing else tells it'
        : 'the variable page_offset_base is the same',
  }
}

/** What page_offset_base says comes first; then every possible base, the nearest first. */
function* batches(known: readonly bigint[], inDirectMap: bigint): Generator<bigint[]> {
  if (known.length > 0) yield [...known]
  const nearest = inDirectMap & ~(DIRECT_MAP_ALIGN - 1n)
  const count = Number(LARGEST_RAM / DIRECT_MAP_ALIGN)
  for (let first = 0, size = 64; first < count; first += size, size = BATCH) {
    yield Array.from({ length: size }, (_, i) => nearest - BigInt(first + i) * DIRECT_MAP_ALIGN)
  }
}

function isNoteOf(bytes: unknown, release: string): boolean {
  if (!(bytes instanceof Uint8Array)) return false
  return parseVmcoreinfoNote(bytes)?.get('OSRELEASE') === release
}

function describe(
  memory: Memory,
  release: string,
  physical: bigint,
  pageOffset: bigint,
  how: string,
): DirectMap {
  const note = parseVmcoreinfoNote(readBytes(memory, pageOffset + physical, NOTE_SIZE))!
  return {
    pageOffset: {
      name: 'PAGE_OFFSET',
      value: pageOffset,
      how,
      checked: `VMCOREINFO of ${release} lies at PAGE_OFFSET + ${hex(physical)}`,
    },
    vmcoreinfo: {
      name: 'VMCOREINFO',
      value: note,
      how: `/sys/kernel/vmcoreinfo names physical ${hex(physical)}`,
      checked: `its OSRELEASE is ${release}`,
    },
  }
}
