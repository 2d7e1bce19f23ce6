import { FormatError } from '../errors.js'
import type { ElfData } from './data.js'
import type { ElfHeader } from './header.js'
import { readFirstSection } from './section.js'

/** `p_type`: what a segment holds. */
export const PT_LOAD = 1
export const PT_NOTE = 4

/** `Elf32_Phdr` or `Elf64_Phdr` of include/uapi/linux/elf.h, its fields without the prefix `p_`. */
export interface ElfSegment {
  readonly type: number
  readonly flags: number
  readonly offset: bigint
  readonly vaddr: bigint
  readonly paddr: bigint
  readonly filesz: bigint
  readonly memsz: bigint
  readonly align: bigint
}

const PROGRAM_HEADER_SIZE = { 32: 32, 64: 56 } as const

/** `e_phnum` of a file with more segments than 16 bits count. */
export const PN_XNUM = 0xffff

/** All program headers; none if the file has no program header table. */
export function readSegments(data: ElfData, header: ElfHeader): ElfSegment[] {
  return readSegmentTable(data, header, segmentCount(data, header))
}

/** The first `count` program headers; of the file, their table is enough. */
export function readSegmentTable(data: ElfData, header: ElfHeader, count: number): ElfSegment[] {
  if (count === 0) return []
  const expected = PROGRAM_HEADER_SIZE[data.bits]
  if (header.phentsize < expected) {
    throw new FormatError(
      data.source,
      Number(header.phoff),
      `a program header has ${expected} bytes, not ${header.phentsize}`,
    )
  }
  const size = BigInt(count) * BigInt(header.phentsize)
  const { start } = data.range(header.phoff, size, `a table of ${count} program headers`)
  return Array.from({ length: count }, (_, i) => readSegment(data, start + i * header.phentsize))
}

function segmentCount(data: ElfData, header: ElfHeader): number {
  if (header.phoff === 0n) return 0
  if (header.phnum !== PN_XNUM) return header.phnum
  return readFirstSection(data, header)?.info ?? PN_XNUM
}

function readSegment(data: ElfData, at: number): ElfSegment {
  const fields = data.fields(at)
  const type = fields.u32()
  // The flags moved so that the 64-bit fields are aligned.
  const early = data.bits === 64 ? fields.u32() : 0
  const segment = {
    type,
    offset: fields.word(),
    vaddr: fields.word(),
    paddr: fields.word(),
    filesz: fields.word(),
    memsz: fields.word(),
  }
  const flags = data.bits === 64 ? early : fields.u32()
  return { ...segment, flags, align: fields.word() }
}
