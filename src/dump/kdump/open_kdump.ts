import type { ByteSource } from '../../bytes/byte_source.js'
import { FormatError, UsageError } from '../../errors.js'
import type { CpuState, Dump, PhysicalRange } from '../dump.js'
import { machineNumber } from '../machine.js'
import { NoteReader } from '../notes.js'
import { untilNul } from '../text.js'
import { KdumpFile } from './kdump_file.js'
import { KdumpMemory } from './kdump_memory.js'
import { compressionOf } from './page_codec.js'

/** More ranges of RAM than any machine has. */
const MAX_RANGES = 1 << 16

/** Opens an image in makedumpfile's compressed format; of one that it split, all files. */
export function openKdump(sources: readonly ByteSource[]): Dump {
  const files = sources.map((source) => new KdumpFile(source)).sort((a, b) => a.start - b.start)
  checkTogether(files)
  return new Kdump(files)
}

function checkTogether(files: readonly KdumpFile[]): void {
  const [first, ...more] = files
  for (const { source, header, subHeader, maxMapnr } of more) {
    const isOfSame =
      subHeader.split !== undefined &&
      header.timestamp === first!.header.timestamp &&
      header.blockSize === first!.header.blockSize &&
      maxMapnr === first!.maxMapnr
    if (isOfSame) continue
    const what = `cannot open ${first!.source.name} together with ${source.name}`
    throw new UsageError(what, 'they are not the files of one split image')
  }
}

class Kdump implements Dump {
  readonly format: string
  readonly machine: string | undefined
  readonly physical: KdumpMemory
  readonly mappings = []
  readonly vmcoreinfo: string | undefined
  readonly cpus: readonly CpuState[]
  readonly uts: Dump['uts']
  readonly dumpedAt: number | undefined
  private readonly first: KdumpFile
  private knownRanges: PhysicalRange[] | undefined

  constructor(private readonly files: readonly KdumpFile[]) {
    this.first = files[0]!
    const { header } = this.first
    this.format = `kdump (${compressionOf(header.status) ?? 'not compressed'})`
    this.machine = header.uts.machine || undefined
    this.physical = new KdumpMemory(files)
    const notes = notesOf(this.first)
    this.cpus = notes.cpus
    this.vmcoreinfo = vmcoreinfoOf(this.first) ?? notes.vmcoreinfo
    // QEMU fills in the machine only.
    this.uts = header.uts.release === '' ? undefined : header.uts
    this.dumpedAt = header.timestamp > 0 ? header.timestamp : undefined
  }

  get ranges(): readonly PhysicalRange[] {
    this.knownRanges ??= rangesOf(this.first)
    return this.knownRanges
  }

  get incomplete(): string | undefined {
    for (const file of this.files) {
      if (file.incomplete !== undefined) return file.incomplete
    }
    return this.missingFile()
  }

  /** Of a split image, the parts must follow one on the other. */
  private missingFile(): string | undefined {
    let end = 0
    for (const file of this.files) {
      if (file.start > end) break
      end = Math.max(end, file.end)
    }
    return end >= this.first.maxMapnr ? undefined : 'files of the split image are missing'
  }
}

function notesOf({ source, header, subHeader }: KdumpFile): NoteReader {
  const machine = machineNumber(header.uts.machine) ?? 0
  const notes = new NoteReader(source, machine, header.bits, header.littleEndian)
  if (subHeader.notes !== undefined) notes.read(subHeader.notes.offset, subHeader.notes.size, 4n)
  return notes
}

function vmcoreinfoOf(file: KdumpFile): string | undefined {
  const { vmcoreinfo } = file.subHeader
  if (vmcoreinfo === undefined || vmcoreinfo.size === 0n) return undefined
  return untilNul(file.bytes(vmcoreinfo, 'VMCOREINFO'))
}

function rangesOf({ source, header, existing }: KdumpFile): PhysicalRange[] {
  const size = BigInt(header.blockSize)
  const ranges: PhysicalRange[] = []
  for (const { start, end } of existing.runs()) {
    if (ranges.length === MAX_RANGES) {
      const at = (1 + header.subHeaderBlocks) * header.blockSize
      throw new FormatError(
        source.name,
        at,
        `no more than ${MAX_RANGES} ranges of RAM in the bitmap`,
      )
    }
    ranges.push({ address: BigInt(start) * size, length: BigInt(end - start) * size })
  }
  return ranges
}
