import type { ByteSource } from '../bytes/byte_source.js'
import { hex } from '../bytes/hex.js'
import { ElfData } from '../elf/data.js'
import { type ElfHeader, readHeader } from '../elf/header.js'
import { readFirstSection } from '../elf/section.js'
import { type ElfSegment, PN_XNUM, PT_LOAD, PT_NOTE, readSegmentTable } from '../elf/segment.js'
import { FormatError, UnsupportedError } from '../errors.js'
import type { Dump, LinearMapping } from './dump.js'
import { ExtentMemory } from './extent_memory.js'
import { Extents, ZEROS } from './extents.js'
import { readRange, readStart } from './file_bytes.js'
import { machineName } from './machine.js'
import { NoteReader } from './notes.js'
import { MAX_ADDRESS } from './physical_memory.js'
import { Window } from './window.js'

const ET_CORE = 4
const LARGEST_HEADER = 64

/** `p_paddr` of what has no physical address, in either class. */
const NO_ADDRESS = new Set([2n ** 32n - 1n, 2n ** 64n - 1n])

/** Program headers of more ranges of memory than any machine has. */
const LARGEST_TABLE = 1 << 24

/** An ELF core file of a whole machine: kdump's /proc/vmcore, QEMU's dump-guest-memory, virsh dump. */
export function openElfDump(source: ByteSource): Dump {
  const { header, data } = readHeader(readStart(source, LARGEST_HEADER), source.name)
  if (header.type !== ET_CORE) {
    throw new UnsupportedError(
      `cannot open ${source.name} as a memory image`,
      `it is an ELF file of type ${header.type}, and an image is a core file, type ${ET_CORE}`,
    )
  }
  const segments = readProgramHeaders(source, header)
  const notes = new NoteReader(new Window(source), header.machine, data.bits, data.littleEndian)
  for (const { type, offset, filesz, align } of segments) {
    if (type === PT_NOTE) notes.read(offset, filesz, align)
  }
  const loads = physicalSegments(source, segments)
  const memory = new ExtentMemory(source, extentsOf(source, loads))
  return {
    format: 'ELF vmcore',
    machine: machineName(header.machine, data.littleEndian),
    physical: memory,
    ranges: memory.ranges,
    mappings: mappingsOf(loads, header.bits),
    vmcoreinfo: notes.vmcoreinfo,
    cpus: notes.cpus,
    uts: undefined,
    dumpedAt: undefined,
    incomplete: missingEnd(source, loads),
  }
}

/** The program headers, wherever in the file they are. */
function readProgramHeaders(source: ByteSource, header: ElfHeader): ElfSegment[] {
  const count = countSegments(source, header)
  const size = count * header.phentsize
  if (size > LARGEST_TABLE) {
    const expected = `program headers of no more than ${LARGEST_TABLE} bytes, not ${size}`
    throw new FormatError(source.name, Number(header.phoff), expected)
  }
  const table = part(source, header, header.phoff, size, `a table of ${count} program headers`)
  return readSegmentTable(table, header, count)
}

function countSegments(source: ByteSource, header: ElfHeader): number {
  if (header.phnum !== PN_XNUM || header.shoff === 0n) return header.phnum
  const first = part(source, header, header.shoff, header.shentsize, 'the first section header')
  return readFirstSection(first, header)?.info ?? header.phnum
}

function part(
  source: ByteSource,
  { bits, littleEndian }: ElfHeader,
  offset: bigint,
  length: number,
  what: string,
): ElfData {
  const bytes = readRange(source, offset, length, what)
  return new ElfData(bytes, source.name, bits, littleEndian, Number(offset))
}

/** The segments of memory whose physical address is known. */
function physicalSegments(source: ByteSource, segments: readonly ElfSegment[]): ElfSegment[] {
  const loads = segments.filter(({ type, memsz }) => type === PT_LOAD && memsz > 0n)
  const zeros = loads.filter(({ paddr }) => paddr === 0n).length
  // /proc/kcore writes all ones, and 0 before Linux 4.11, where it says only a virtual address.
  const physical = loads.filter(({ paddr, vaddr }) => {
    return paddr === 0n ? vaddr === 0n || zeros === 1 : !NO_ADDRESS.has(paddr)
  })
  if (physical.length > 0 || loads.length === 0) return physical
  throw new UnsupportedError(
    `cannot open ${source.name} as a memory image`,
    'its program headers give virtual addresses only, as in the core file of a process',
  )
}

function extentsOf(source: ByteSource, loads: readonly ElfSegment[]): Extents {
  const extents = new Extents()
  // What ELF does not store are zeros (makedumpfile -E leaves out pages so): they hold where no
  // other segment has something.
  for (const load of loads) {
    if (load.filesz < load.memsz) extents.add(...bounds(source, load, load.memsz), ZEROS)
  }
  for (const load of loads) {
    const size = load.filesz < load.memsz ? load.filesz : load.memsz
    extents.add(...bounds(source, load, size), Number(load.offset))
  }
  return extents
}

function bounds(source: ByteSource, { paddr, offset }: ElfSegment, size: bigint): [number, number] {
  if (paddr + size <= MAX_ADDRESS + 1n) return [Number(paddr), Number(paddr + size)]
  throw new FormatError(
    source.name,
    Number(offset),
    `a segment of ${hex(size)} bytes at physical address ${hex(paddr)} ends behind all memory`,
  )
}

/** Where the segments are in the kernel's own half of virtual memory. */
function mappingsOf(loads: readonly ElfSegment[], bits: 32 | 64): LinearMapping[] {
  return loads
    .filter(({ vaddr, paddr }) =>
      bits === 64 ? vaddr >= 1n << 63n : vaddr !== paddr && vaddr > 0n,
    )
    .map(({ vaddr, paddr, memsz }) => ({ virtual: vaddr, physical: paddr, length: memsz }))
}

function missingEnd(source: ByteSource, loads: readonly ElfSegment[]): string | undefined {
  let end = 0n
  for (const { offset, filesz } of loads) if (offset + filesz > end) end = offset + filesz
  const missing = end - BigInt(source.size)
  return missing > 0n ? `the file is cut off: ${missing} bytes of memory are missing` : undefined
}
