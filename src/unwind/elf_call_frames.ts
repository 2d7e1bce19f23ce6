import type { Elf } from '../elf/elf.js'
import type { ElfSection } from '../elf/section.js'
import type { ElfSegment } from '../elf/segment.js'
import { KsightError } from '../errors.js'
import { CallFrames, type FrameSections } from './cfi/call_frames.js'
import { EhFrameHdr } from './cfi/eh_frame_hdr.js'
import type { FrameSection } from './cfi/frame_section.js'
import { machineOfElf } from './machine.js'

const PT_LOAD = 1
const PT_GNU_EH_FRAME = 0x6474e550

/**
 * The call frame information of an ELF file: by its segments, which a file without section headers
 * has too, and by its sections where there are any. What is damaged is told in `damages`.
 */
export function callFramesOf(elf: Elf): CallFrames {
  const damages: KsightError[] = []
  const attempt: Attempt = (use) => {
    try {
      return use()
    } catch (error) {
      if (!(error instanceof KsightError)) throw error
      damages.push(error)
      return undefined
    }
  }
  const bySegment = attempt(() => fromSegments(elf))
  const bySection = attempt(() => fromSections(elf, attempt))
  const sections: FrameSections = {
    ...bySegment,
    // A section tells its size, so that what the segment has of it need not be guessed.
    ...defined(bySection ?? {}),
    signsReturnAddress: machineOfElf(elf.header.machine)?.signsReturnAddress === true,
  }
  return new CallFrames(sections, damages)
}

/** Gives what can be read, and notes what cannot. */
type Attempt = <T>(use: () => T) => T | undefined

/** `.eh_frame_hdr` is a segment of its own, and says where `.eh_frame` starts; not where it ends. */
function fromSegments(elf: Elf): FrameSections {
  const segment = elf.segments.find(({ type }) => type === PT_GNU_EH_FRAME)
  if (segment === undefined) return {}
  const bytes = elf.segmentBytes(segment)
  const ehFrameHdr = frameSection(elf, '.eh_frame_hdr', segment.vaddr, bytes)
  const { ehFrame: address } = new EhFrameHdr(ehFrameHdr)
  const load = elf.segments.find((candidate) => holds(candidate, address))
  if (load === undefined) return { ehFrameHdr }
  const rest = elf.segmentBytes(load).subarray(Number(address - load.vaddr))
  return { ehFrameHdr, ehFrame: frameSection(elf, '.eh_frame', address, rest), ehFrameSized: false }
}

function fromSections(elf: Elf, attempt: Attempt): FrameSections {
  const ehFrame = attempt(() => sectionOf(elf, '.eh_frame'))
  return {
    ehFrame,
    ...(ehFrame && { ehFrameSized: true }),
    debugFrame: attempt(() => sectionOf(elf, '.debug_frame')),
    bases: defined({ text: elf.section('.text')?.addr, data: elf.section('.got')?.addr }),
  }
}

/** Undefined for a section that the file has not got, or only the header of (a separate debug file). */
function sectionOf(elf: Elf, name: string): FrameSection | undefined {
  const section: ElfSection | undefined = elf.section(name)
  const bytes = section && elf.sectionBytes(section)
  if (section === undefined || bytes === undefined || bytes.length === 0) return undefined
  return frameSection(elf, name, section.addr, bytes)
}

function frameSection(elf: Elf, name: string, address: bigint, bytes: Uint8Array): FrameSection {
  const { bits, littleEndian } = elf.header
  return {
    name: `${name} of ${elf.source}`,
    bytes,
    address,
    littleEndian,
    addressSize: bits === 64 ? 8 : 4,
  }
}

function holds({ type, vaddr, filesz }: ElfSegment, address: bigint): boolean {
  return type === PT_LOAD && address >= vaddr && address < vaddr + filesz
}

/** Without the properties that are undefined. */
function defined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
