import { textOf } from '../bytes/text.js'
import type { Elf } from '../elf/elf.js'

const DEBUG_ROOT = '/usr/lib/debug'

/** Where a distribution puts the separate debug file of a build id, from the root directory on. */
export function buildIdDebugPath(buildId: string, debugRoot = DEBUG_ROOT): string | undefined {
  if (!/^[0-9a-f]{4,}$/.test(buildId)) return undefined
  return `${debugRoot}/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`
}

/** What `.gnu_debuglink` says: the name of a file, and the checksum by which it is known to be the right one. */
export interface DebugLink {
  readonly name: string
  /** {@link crc32} of the whole file. */
  readonly crc: number
}

/** The debug link of a file, if it has one that names a file without a directory. */
export function debugLinkOf(elf: Elf): DebugLink | undefined {
  const section = elf.section('.gnu_debuglink')
  if (section === undefined) return undefined
  const bytes = elf.sectionBytes(section)
  const end = bytes.indexOf(0)
  // The checksum is aligned to four bytes.
  const crcAt = (end + 4) & ~3
  if (end <= 0 || crcAt + 4 > bytes.length) return undefined
  const name = textOf(bytes.subarray(0, end))
  if (name.includes('/') || name === '.' || name === '..') return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return { name, crc: view.getUint32(crcAt, elf.header.littleEndian) }
}

/** Where the file of a debug link is looked for, in this order; `path` is absolute, that of the file with the link. */
export function debugLinkPaths(
  path: string,
  { name }: DebugLink,
  debugRoot = DEBUG_ROOT,
): string[] {
  const directory = path.slice(0, path.lastIndexOf('/'))
  return [`${directory}/${name}`, `${directory}/.debug/${name}`, `${debugRoot}${directory}/${name}`]
}

/**
 * `.gnu_debugdata` (MiniDebugInfo): an ELF file with a `.symtab` of the functions that `.dynsym`
 * lacks, compressed by xz.
 */
export function compressedDebugData(elf: Elf): Uint8Array | undefined {
  const section = elf.section('.gnu_debugdata')
  return section && elf.sectionBytes(section)
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

/** CRC-32 as zlib and `.gnu_debuglink` have it. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}
