import { closeSync, copyFileSync, openSync, readSync, writeSync } from 'node:fs'

const HEADER_SIZE = 64
const PROGRAM_HEADER_SIZE = 56
const PT_LOAD = 1

/**
 * Copies an ELF vmcore with its program headers right behind the ELF header, and no sections: where
 * makedumpfile looks for them, and QEMU 7.1 and later does not put them.
 */
export function headersInFront(from: string, to: string): void {
  const { header, segments } = readHeaders(from)
  header.writeBigUInt64LE(BigInt(HEADER_SIZE), 32)
  header.writeBigUInt64LE(0n, 40)
  for (const at of [58, 60, 62]) header.writeUInt16LE(0, at)
  copyFileSync(from, to)
  const file = openSync(to, 'r+')
  writeSync(file, Buffer.concat([header, segments]), 0, HEADER_SIZE + segments.length, 0)
  closeSync(file)
}

/** The notes of an ELF vmcore, which QEMU puts into its first segment. */
export function noteSegment(path: string): Buffer {
  const { segments } = readHeaders(path)
  return readAt(path, Number(segments.readBigUInt64LE(8)), Number(segments.readBigUInt64LE(32)))
}

/** Where in the file the text of VMCOREINFO is. */
export function offsetOfVmcoreinfo(path: string): number {
  const { segments } = readHeaders(path)
  return Number(segments.readBigUInt64LE(8)) + noteSegment(path).indexOf('OSRELEASE=')
}

function readHeaders(path: string): { header: Buffer; segments: Buffer } {
  const header = readAt(path, 0, HEADER_SIZE)
  const count = header.readUInt16LE(56)
  const segments = readAt(path, Number(header.readBigUInt64LE(32)), count * PROGRAM_HEADER_SIZE)
  return { header, segments }
}

function readAt(path: string, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  const file = openSync(path, 'r')
  readSync(file, bytes, 0, length, offset)
  closeSync(file)
  return bytes
}

/** Where in an ELF vmcore each byte of physical memory is. */
export function offsetOfMemory(path: string): (physical: number) => number {
  const { segments } = readHeaders(path)
  const loads: { start: number; end: number; offset: number }[] = []
  for (let at = 0; at < segments.length; at += PROGRAM_HEADER_SIZE) {
    const number = (field: number) => Number(segments.readBigUInt64LE(at + field))
    if (segments.readUInt32LE(at) !== PT_LOAD) continue
    loads.push({ start: number(24), end: number(24) + number(32), offset: number(8) })
  }
  return (physical) => {
    const load = loads.find(({ start, end }) => physical >= start && physical < end)
    if (load === undefined) throw new Error(`no memory at ${physical}`)
    return load.offset + physical - load.start
  }
}
