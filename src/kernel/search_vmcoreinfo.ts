import { hex } from '../bytes/hex.js'
import { InconsistentError, KsightError } from '../errors.js'
import { type Memory, readBytes } from '../memory/memory.js'
import { readAvailable } from '../memory/read_available.js'
import { cString } from '../object/c_string.js'
import { kernelImageMap } from './image_map.js'
import { parseVmcoreinfoNote, Vmcoreinfo } from './vmcoreinfo.js'

/** A copy of VMCOREINFO that was found in memory. */
export interface VmcoreinfoCandidate {
  readonly physical: bigint
  readonly vmcoreinfo: Vmcoreinfo
  /** Whether memory has the kernel that it tells of; undefined if that cannot be seen. */
  readonly fits: boolean | undefined
  readonly why: string
}

/** Both the note and the text that it is made of have a page of their own (Linux 4.13, 203e9e41219b). */
const PAGE_SIZE = 4096

const CHUNK = 1 << 22

/** How many chunks may lack pages: an image may claim to have any amount of RAM. */
const MOST_HOLES = 256

/** The first four letters of VMCOREINFO and of OSRELEASE, as little-endian words. */
const VMCO = 0x4f434d56
const OSRE = 0x4552534f
/** Where in a note the name is, in words. */
const NAME = 3

/** `struct new_utsname`: each of its strings takes this. */
const UTS_LENGTH = 65

/**
 * The copies of VMCOREINFO in physical memory, in the order of their addresses. Memory has more than
 * one: the note and its text, what a kernel before a kexec left behind, what processes read from
 * /proc/vmcore, those of virtual machines. They are told apart by `init_uts_ns`, which must be where
 * VMCOREINFO says and have the same release.
 */
export function* searchVmcoreinfo(
  physical: Memory,
  ranges: Iterable<{ readonly address: bigint; readonly length: bigint }>,
): Generator<VmcoreinfoCandidate> {
  const buffer = new Uint8Array(CHUNK)
  let holes = 0
  for (const { address, length } of ranges) {
    const end = address + length
    for (let at = pageUp(address); at + BigInt(PAGE_SIZE) <= end; at += BigInt(CHUNK)) {
      const size = end - at < CHUNK ? Number(end - at) : CHUNK
      const chunk = buffer.subarray(0, size & -PAGE_SIZE)
      if (!readAvailable(physical, at, chunk) && ++holes > MOST_HOLES) throw tooManyHoles(at)
      for (const offset of markedPages(chunk)) {
        const vmcoreinfo = parsePage(chunk.slice(offset, offset + PAGE_SIZE))
        if (vmcoreinfo === undefined) continue
        yield { physical: at + BigInt(offset), vmcoreinfo, ...check(physical, vmcoreinfo) }
      }
    }
  }
}

/**
 * VMCOREINFO of the kernel that memory is of: the first copy that fits, or else the first of which
 * that cannot be seen. Undefined if there is none.
 */
export function findVmcoreinfo(
  physical: Memory,
  ranges: Iterable<{ readonly address: bigint; readonly length: bigint }>,
): VmcoreinfoCandidate | undefined {
  let possible: VmcoreinfoCandidate | undefined
  for (const candidate of searchVmcoreinfo(physical, ranges)) {
    if (candidate.fits) return candidate
    if (candidate.fits === undefined) possible ??= candidate
  }
  return possible
}

function tooManyHoles(at: bigint): InconsistentError {
  return new InconsistentError(
    'cannot search memory for VMCOREINFO',
    `up to physical ${hex(at)} most of what is to be RAM is not in the image`,
  )
}

/** Pages that start like the note or its text. */
function markedPages(chunk: Uint8Array): number[] {
  const found: number[] = []
  const words = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  for (let at = 0; at < chunk.length; at += PAGE_SIZE) {
    if (words.getUint32(at + 4 * NAME, true) === VMCO || words.getUint32(at, true) === OSRE) {
      found.push(at)
    }
  }
  return found
}

function parsePage(page: Uint8Array): Vmcoreinfo | undefined {
  // The first word of a note is the length of its name, a small number.
  const littleEndian = page[0] !== 0
  const found = parseVmcoreinfoNote(page, littleEndian) ?? new Vmcoreinfo(cString(page))
  return found.get('OSRELEASE') && found.get('PAGESIZE') ? found : undefined
}

function check(
  physical: Memory,
  vmcoreinfo: Vmcoreinfo,
): Pick<VmcoreinfoCandidate, 'fits' | 'why'> {
  const release = vmcoreinfo.get('OSRELEASE')
  try {
    const found = readRelease(physical, vmcoreinfo)
    if (found === release) return { fits: true, why: `init_uts_ns is of ${release} too` }
    return { fits: false, why: `no init_uts_ns of ${release} is where it says` }
  } catch (error) {
    if (!(error instanceof KsightError)) throw error
    return { fits: undefined, why: error.message }
  }
}

/** The release in `init_uts_ns`, or undefined if something else is there. */
function readRelease(physical: Memory, vmcoreinfo: Vmcoreinfo): string | undefined {
  const symbol = vmcoreinfo.symbol('init_uts_ns')
  const offset = Number(vmcoreinfo.get('OFFSET(uts_namespace.name)'))
  if (symbol === undefined || !Number.isInteger(offset)) return undefined
  const { virtualOffset } = kernelImageMap(vmcoreinfo)
  const address = BigInt.asUintN(64, symbol - virtualOffset + BigInt(offset))
  const uts = readBytes(physical, address, 3 * UTS_LENGTH)
  if (cString(uts.subarray(0, UTS_LENGTH)) !== 'Linux') return undefined
  return cString(uts.subarray(2 * UTS_LENGTH))
}

const pageUp = (address: bigint) => (address + BigInt(PAGE_SIZE - 1)) & -BigInt(PAGE_SIZE)
