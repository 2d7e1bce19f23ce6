import type { ByteSource } from '../bytes/byte_source.js'
import { ElfData } from '../elf/data.js'
import { type ElfNote, readNotes } from '../elf/note.js'
import { FormatError } from '../errors.js'
import type { CpuState } from './dump.js'
import { readRange } from './file_bytes.js'
import { readPrstatus } from './prstatus.js'
import { readQemuCpuState } from './qemu_cpu_state.js'
import { untilNul } from './text.js'

const NOTE_HEADER_SIZE = 12
const NT_PRSTATUS = 1

/** Of longer notes (drivers' own dumps, NT_VMCOREDD, are some) the contents are not read. */
const LONGEST_NOTE = 1 << 20
/** More than one for each CPU that a kernel can have, three times over. */
const MAX_NOTES = 3 * 8192

/** Reads the notes of an image for what they say of its CPUs, and for VMCOREINFO. */
export class NoteReader {
  vmcoreinfo: string | undefined
  private readonly prstatus: ReturnType<typeof readPrstatus>[] = []
  private readonly qemu: ReadonlyMap<string, bigint>[] = []
  private count = 0

  constructor(
    private readonly source: ByteSource,
    private readonly machine: number,
    private readonly bits: 32 | 64,
    private readonly littleEndian: boolean,
  ) {}

  /** In the order of the notes; the notes have no numbers, and of a CPU that is offline there is none. */
  get cpus(): CpuState[] {
    return this.prstatus.map(({ pid, registers }, cpu) => {
      return { cpu, pid, registers: new Map([...registers, ...(this.qemu[cpu] ?? [])]) }
    })
  }

  /** A list of notes: a PT_NOTE segment of an ELF file, or what a kdump header refers to. */
  read(offset: bigint, size: bigint, align: bigint): void {
    const padding = align === 8n ? 8n : 4n
    const padded = (length: bigint) => ((length + padding - 1n) / padding) * padding
    let at = 0n
    while (at + BigInt(NOTE_HEADER_SIZE) <= size) {
      const head = this.part(offset + at, NOTE_HEADER_SIZE).fields(0)
      const name = BigInt(head.u32())
      const desc = BigInt(head.u32())
      const length = padded(padded(BigInt(NOTE_HEADER_SIZE) + name) + desc)
      if (++this.count > MAX_NOTES) {
        throw new FormatError(this.source.name, Number(offset), `no more than ${MAX_NOTES} notes`)
      }
      if (length <= LONGEST_NOTE) {
        const all = at + length < size ? length : size - at
        const note = this.part(offset + at, Number(all))
        for (const found of readNotes(note, offset + at, all, align)) this.take(found)
      }
      at += length
    }
  }

  private part(offset: bigint, length: number): ElfData {
    const bytes = readRange(this.source, offset, length, 'a note')
    return new ElfData(bytes, this.source.name, this.bits, this.littleEndian, Number(offset))
  }

  private take({ name, type, desc }: ElfNote): void {
    if (name === 'CORE' && type === NT_PRSTATUS) {
      this.prstatus.push(readPrstatus(desc, this.machine, this.bits, this.littleEndian))
    } else if (name === 'QEMU') {
      this.qemu.push(readQemuCpuState(desc))
    } else if (name === 'VMCOREINFO') {
      this.vmcoreinfo ??= untilNul(desc)
    }
  }
}
