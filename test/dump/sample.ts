import { readFileSync } from 'node:fs'
import { writeElf } from './elf_writer.js'
import { type Compression, type Compressor, FLAGS, type Image, PAGE_SIZE } from './kdump_writer.js'

/** Page frames of the sample that exist, and of those the ones whose pages are in the image. */
export const EXISTING = [0, 1, 2, 3, 4, 5, 6, 40, 41, 42, 43, 100]
const DUMPED = [0, 1, 2, 4, 5, 40, 41, 43, 100]
export const MAX_MAPNR = 101

/** Pages of machine code, of text, and of zeros: what memory has. */
export function samplePages(): Map<number, Uint8Array> {
  const program = readFileSync(process.execPath)
  const text = readFileSync('package-lock.json')
  return new Map(
    DUMPED.map((pfn, i) => {
      if (i === 3) return [pfn, new Uint8Array(PAGE_SIZE)]
      const bytes = i % 2 === 0 ? program : text
      return [pfn, bytes.subarray((i + 1) * PAGE_SIZE, (i + 2) * PAGE_SIZE)]
    }),
  )
}

/** An image of some pages; such as do not become smaller stay as they are. */
export function imageOf(
  pages: ReadonlyMap<number, Uint8Array>,
  compression: Compression,
  compressor: Compressor,
): Image {
  const originals = [...pages.values()]
  const compressed = compressor.compress(originals, compression)
  const entries = [...pages.keys()].map((pfn, i) => {
    const small = compressed[i]!.length < PAGE_SIZE
    const page = {
      data: small ? compressed[i]! : originals[i]!,
      flags: small ? FLAGS[compression] : 0,
    }
    return [pfn, page] as const
  })
  const notes = sampleNotes()
  return { pages: new Map(entries), existing: EXISTING, maxMapnr: MAX_MAPNR, compression, notes }
}

export const VMCOREINFO = 'OSRELEASE=1.2.3\nPAGESIZE=4096\n'

/** A note NT_PRSTATUS of x86-64 whose words are their own offsets, and VMCOREINFO. */
function sampleNotes(): Buffer {
  const prstatus = Buffer.alloc(336)
  for (let at = 0; at < prstatus.length; at += 8) prstatus.writeBigUInt64LE(BigInt(at), at)
  return Buffer.concat([note('CORE', 1, prstatus), note('VMCOREINFO', 0, Buffer.from(VMCOREINFO))])
}

function note(name: string, type: number, desc: Buffer): Buffer {
  const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
  const header = Buffer.alloc(12)
  header.writeUInt32LE(name.length + 1, 0)
  header.writeUInt32LE(desc.length, 4)
  header.writeUInt32LE(type, 8)
  return Buffer.concat([header, padded(Buffer.from(`${name}\0`)), padded(desc)])
}

/** An ELF core file of the same pages, a segment each; its notes are the sample's. */
export function sampleElf(pages: ReadonlyMap<number, Uint8Array>): Buffer {
  const loads = Array.from(pages, ([pfn, data]) => ({ paddr: BigInt(pfn * PAGE_SIZE), data }))
  return writeElf(loads, { notes: sampleNotes() })
}

/** LiME's format of the same pages, a range each. */
export function sampleLime(pages: ReadonlyMap<number, Uint8Array>): Buffer {
  return Buffer.concat(
    [...pages].flatMap(([pfn, page]) => [limeHeader(pfn * PAGE_SIZE, page.length), page]),
  )
}

/** As the format's documentation has it; no tool here writes it, but for LiME's module itself. */
export function limeHeader(address: number, length: number): Buffer {
  const header = Buffer.alloc(32)
  header.writeUInt32LE(0x4c694d45, 0)
  header.writeUInt32LE(1, 4)
  header.writeBigUInt64LE(BigInt(address), 8)
  header.writeBigUInt64LE(BigInt(address + length - 1), 16)
  return header
}
