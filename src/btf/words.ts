import { HOST_LITTLE_ENDIAN } from '../bytes/byte_order.js'

/**
 * The type section as 32-bit words in this machine's byte order. Everything in it is made of
 * 32-bit words, so a foreign byte order needs no more than this one swap.
 */
export function readWords(
  blob: Uint8Array,
  start: number,
  length: number,
  littleEndian: boolean,
): Uint32Array {
  const aligned = (blob.byteOffset + start) % 4 === 0
  const bytes = aligned
    ? new Uint8Array(blob.buffer, blob.byteOffset + start, length)
    : // Not `slice`, which of Node's Buffer makes no copy.
      new Uint8Array(blob.subarray(start, start + length))
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, length / 4)
  return littleEndian === HOST_LITTLE_ENDIAN ? words : words.map(swap32)
}

function swap32(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0
}
