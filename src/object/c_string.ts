import { FaultError } from '../errors.js'
import { type Memory, readBytes } from '../memory/memory.js'

const PAGE_SIZE = 4096

const decoder = new TextDecoder()

/** The text up to the first NUL, or all of it. */
export function cString(bytes: Uint8Array): string {
  // Names are short and ASCII: decoding them by hand is several times as fast.
  let text = ''
  for (let i = 0; i < bytes.length && i < 64; i++) {
    const byte = bytes[i]!
    if (byte === 0) return text
    if (byte >= 0x80) break
    text += String.fromCharCode(byte)
  }
  const end = bytes.indexOf(0)
  return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end))
}

/** A NUL-terminated string in memory; never reads past the page in which it ends. */
export function readCString(memory: Memory, address: bigint, limit: number): string {
  const parts: Uint8Array[] = []
  let at = address
  let left = limit
  while (left > 0) {
    // Most strings are short: a small piece first.
    const length = Math.min(left, bytesToPageEnd(at), parts.length === 0 ? 64 : 4096)
    const piece = readBytes(memory, at, length)
    parts.push(piece)
    if (piece.includes(0)) break
    at += BigInt(piece.length)
    left -= piece.length
  }
  return cString(joined(parts))
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/**
 * Many NUL-terminated strings with one gather, each cut after `limit` bytes; undefined where one
 * cannot be read.
 */
export function readCStrings(
  memory: Memory,
  addresses: readonly bigint[],
  limit: number,
): (string | undefined)[] {
  const ranges = addresses.map((address) => {
    return { address, length: Math.min(limit, bytesToPageEnd(address)) }
  })
  return memory.gather(ranges).map((bytes, i) => {
    if (!(bytes instanceof Uint8Array)) return undefined
    const whole = bytes.includes(0) || bytes.length === limit
    return whole ? cString(bytes) : restOfCString(memory, addresses[i]!, limit)
  })
}

function restOfCString(memory: Memory, address: bigint, limit: number): string | undefined {
  try {
    return readCString(memory, address, limit)
  } catch (error) {
    if (error instanceof FaultError) return undefined
    throw error
  }
}

function bytesToPageEnd(address: bigint): number {
  return PAGE_SIZE - Number(address & BigInt(PAGE_SIZE - 1))
}
