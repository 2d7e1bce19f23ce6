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
/** As many as machines with 64 GiB of RAM need. */
const FIRST = 64

export interface DirectMap {
  readonly pageOffset: Fact<bigint>
  readonly vmcoreinfo: Fact<Vmcoreinfo>
}

/**
 * PAGE_OFFSET and VMCOREINFO, which confirm each other: VMCOREINFO lies at a known physical
 * address, and the direct map shows physical address 0 at PAGE_OFFSET. PAGE_OFFSET is looked for below
 * the address of an object that lies in the direct map, such as a task. Only where that is far up, the
 * variable `page_offset_base` is asked for: symbols take longer to read than all else together.
 */
export function findDirectMap(
  memory: Memory,
  release: string,
  physical: bigint,
  pageOffsetVariable: () => bigint | undefined,
  inDirectMap: bigint,
): DirectMap {
  for (const { candidates, how } of batches(pageOffsetVariable, inDirectMap, physical)) {
    const ranges = candidates.map((base) => ({ address: base + physical, length: NOTE_SIZE }))
    const index = memory.gather(ranges).findIndex((note) => isNoteOf(note, release))
    if (index === -1) continue
    const pageOffset = candidates[index]!
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

/** The nearest bases come first, then what page_offset_base says, then every possible one. */
function* batches(
  variable: () => bigint | undefined,
  inDirectMap: bigint,
  physical: bigint,
): Generator<{ candidates: bigint[]; how: string }> {
  const nearest = inDirectMap & ~(DIRECT_MAP_ALIGN - 1n)
  const count = Number(LARGEST_RAM / DIRECT_MAP_ALIGN)
  const how = `VMCOREINFO looked for at physical ${hex(physical)} below a task's address`
  const from = (first: number, size: number) => ({
    how,
    candidates: Array.from({ length: size }, (_, i) => {
      return nearest - BigInt(first + i) * DIRECT_MAP_ALIGN
    }),
  })
  yield from(0, FIRST)
  const known = variable()
  if (known !== undefined) yield { candidates: [known], how: 'variable page_offset_base' }
  for (let first = FIRST; first < count; first += BATCH) yield from(first, BATCH)
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
