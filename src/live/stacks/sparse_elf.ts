import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { type Elf, readElf } from '../../elf/elf.js'
import { KsightError } from '../../errors.js'

/** What unwinding and naming need of a file. The rest, which may be very much, is not read. */
const SECTIONS = [
  ...['.eh_frame', '.eh_frame_hdr', '.debug_frame', '.symtab', '.strtab', '.dynsym', '.dynstr'],
  ...['.gnu_debuglink', '.got'],
]

const PT_NOTE = 4
const PT_GNU_EH_FRAME = 0x6474e550

/** Where most files have all of their program headers and notes. */
const START = 4096

/** The largest array that Node makes on all machines. */
const LARGEST = 2 ** 32

/**
 * Opens an ELF file that need not be read as a whole: of its bytes, only those are there that
 * unwinding and naming look at; the others are zero, and cost nothing.
 */
export function readSparseElf(path: string, name: string): Elf {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw new KsightError(`cannot read ${name}`, 'it is no regular file')
    if (stat.size > LARGEST) throw new KsightError(`cannot read ${name}`, 'it is too large')
    return new SparseReader(fd, new Uint8Array(stat.size)).read(name)
  } finally {
    closeSync(fd)
  }
}

class SparseReader {
  constructor(
    private readonly fd: number,
    private readonly bytes: Uint8Array,
  ) {}

  read(name: string): Elf {
    this.fill(0, START)
    const elf = readElf(this.bytes, name)
    const { phoff, phnum, phentsize, shoff, shnum, shentsize } = elf.header
    this.fill(Number(phoff), phnum * phentsize)
    this.fill(Number(shoff), Math.max(shnum, 1) * shentsize)
    const isFilled = shoff !== 0n && shnum !== 0 && this.fillSections(elf)
    if (!isFilled) this.fill(0, this.bytes.length)
    for (const { type, offset, filesz } of elf.segments) {
      if (type === PT_NOTE || type === PT_GNU_EH_FRAME) this.fill(Number(offset), Number(filesz))
    }
    return elf
  }

  /** Whether the file has the names by which sections are found. */
  private fillSections(elf: Elf): boolean {
    const { shoff, shentsize, shstrndx } = elf.header
    const view = new DataView(this.bytes.buffer)
    const header = Number(shoff) + shstrndx * shentsize
    if (elf.header.bits !== 64 || shstrndx === 0 || header + 40 > this.bytes.length) return false
    this.fill(
      Number(view.getBigUint64(header + 24, true)),
      Number(view.getBigUint64(header + 32, true)),
    )
    try {
      for (const name of SECTIONS) {
        const section = elf.section(name)
        if (section !== undefined) this.fill(Number(section.offset), Number(section.size))
      }
      return true
    } catch (error) {
      if (error instanceof KsightError) return false
      throw error
    }
  }

  /** Reads a part of the file, as far as there is one. */
  private fill(start: number, length: number): void {
    const end = Math.min(start + length, this.bytes.length)
    for (let at = start; at < end; ) {
      const count = readSync(this.fd, this.bytes, at, end - at, at)
      if (count === 0) return
      at += count
    }
  }
}
