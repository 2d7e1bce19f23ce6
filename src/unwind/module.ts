import type { Elf } from '../elf/elf.js'
import type { ElfSegment } from '../elf/segment.js'
import type { CallFrames } from './cfi/call_frames.js'

/** Code that is mapped into a process. */
export interface MappedModule {
  /** Such as the path of its file. */
  readonly name: string
  /** What is added to an address in the file to get one in the process: the load bias. */
  readonly bias: bigint
  /** Undefined for code that no file describes, such as a JIT compiler's. */
  readonly callFrames: CallFrames | undefined
}

/** The code at an address of the process; undefined where there is no code. */
export type FindModule = (pc: bigint) => MappedModule | undefined

/** A mapping of a file, as a line of /proc/PID/maps or a VMA has it. */
export interface FileMapping {
  readonly start: bigint
  readonly end: bigint
  /** In the file, in bytes. */
  readonly offset: bigint
}

const PT_LOAD = 1
const PF_X = 1
const NT_GNU_BUILD_ID = 3

/** Pages of all architectures are at least as large; segments may share a page of the file. */
const PAGE_SIZE = 4096n

/**
 * The load bias that puts a PT_LOAD segment of the file where a mapping shows it; undefined if no
 * segment reaches into the part of the file that is mapped. Of several, an executable one is taken:
 * the mapping of code is what is asked for.
 */
export function loadBias(
  segments: readonly ElfSegment[],
  mapping: FileMapping,
): bigint | undefined {
  const length = mapping.end - mapping.start
  const candidates = segments.filter(({ type, offset, filesz }) => {
    const start = offset - (offset % PAGE_SIZE)
    return type === PT_LOAD && start < mapping.offset + length && offset + filesz > mapping.offset
  })
  const segment = candidates.find(({ flags }) => (flags & PF_X) !== 0) ?? candidates[0]
  if (segment === undefined) return undefined
  return BigInt.asUintN(64, mapping.start - (segment.vaddr + mapping.offset - segment.offset))
}

/** The build id (NT_GNU_BUILD_ID) in hexadecimal digits: files with the same one have the same code. */
export function buildIdOf(elf: Elf): string | undefined {
  for (const { name, type, desc } of elf.notes()) {
    if (name !== 'GNU' || type !== NT_GNU_BUILD_ID) continue
    return Array.from(desc, (byte) => byte.toString(16).padStart(2, '0')).join('')
  }
  return undefined
}
