import type { ByteSource } from '../bytes/byte_source.js'
import { FormatError } from '../errors.js'

/**
 * `length` bytes of a file from `offset` on. Both may be numbers that the file itself gave: nothing
 * is allocated before they are known to be within the file. Throws {@link FormatError} if they are not.
 */
export function readRange(
  source: ByteSource,
  offset: number | bigint,
  length: number | bigint,
  what: string,
): Uint8Array {
  if (BigInt(offset) + BigInt(length) > BigInt(source.size)) {
    throw new FormatError(
      source.name,
      Number(offset),
      `${what} of ${length} bytes ends behind the end of the file, ${source.size} bytes`,
    )
  }
  const bytes = new Uint8Array(Number(length))
  if (source.read(Number(offset), bytes) < bytes.length) {
    throw new FormatError(source.name, Number(offset), `${what} could not be read whole`)
  }
  return bytes
}

/** The first bytes of a file, fewer if it has fewer. */
export function readStart(source: ByteSource, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.min(length, source.size))
  return bytes.subarray(0, source.read(0, bytes))
}
