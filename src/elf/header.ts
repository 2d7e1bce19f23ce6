import { FormatError } from '../errors.js'
import { ElfData } from './data.js'

/** `Elf32_Ehdr` or `Elf64_Ehdr` of include/uapi/linux/elf.h, its fields without the prefix `e_`. */
export interface ElfHeader {
  readonly bits: 32 | 64
  readonly littleEndian: boolean
  readonly osabi: number
  readonly type: number
  readonly machine: number
  readonly entry: bigint
  readonly phoff: bigint
  readonly shoff: bigint
  readonly flags: number
  readonly phentsize: number
  /** As the file has it; PN_XNUM refers to the first section header. */
  readonly phnum: number
  readonly shentsize: number
  /** As the file has it; 0 may refer to the first section header. */
  readonly shnum: number
  /** As the file has it; SHN_XINDEX refers to the first section header. */
  readonly shstrndx: number
}

const IDENT_SIZE = 16
const HEADER_SIZE = { 32: 52, 64: 64 } as const

/** Whether a file starts with `\x7fELF`. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46
}

export function readHeader(
  bytes: Uint8Array,
  source: string,
): { data: ElfData; header: ElfHeader } {
  if (!isElf(bytes))
    throw new FormatError(source, 0, 'an ELF file starts with the bytes 7f 45 4c 46')
  const data = new ElfData(bytes, source, readClass(bytes, source), readByteOrder(bytes, source))
  data.range(0n, BigInt(HEADER_SIZE[data.bits]), 'the ELF header')
  const fields = data.fields(IDENT_SIZE)
  const type = fields.u16()
  const machine = fields.u16()
  fields.u32() // e_version
  const entry = fields.word()
  const phoff = fields.word()
  const shoff = fields.word()
  const flags = fields.u32()
  fields.u16() // e_ehsize
  const header: ElfHeader = {
    bits: data.bits,
    littleEndian: data.littleEndian,
    osabi: bytes[7]!,
    type,
    machine,
    entry,
    phoff,
    shoff,
    flags,
    phentsize: fields.u16(),
    phnum: fields.u16(),
    shentsize: fields.u16(),
    shnum: fields.u16(),
    shstrndx: fields.u16(),
  }
  return { data, header }
}

function readClass(bytes: Uint8Array, source: string): 32 | 64 {
  if (bytes[4] === 1) return 32
  if (bytes[4] === 2) return 64
  throw new FormatError(source, 4, 'the class of an ELF file is 1 (32 bits) or 2 (64 bits)')
}

function readByteOrder(bytes: Uint8Array, source: string): boolean {
  if (bytes[5] === 1) return true
  if (bytes[5] === 2) return false
  throw new FormatError(source, 5, 'the byte order of an ELF file is 1 (little) or 2 (big endian)')
}
