import type { Memory, Range } from './memory.js'

const PAGE_SIZE = 4096
const PIECE_SIZE = 16 * PAGE_SIZE

/** The bytes of a range, with zeros in the place of pages that cannot be read. */
export function readAvailable(memory: Memory, address: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  const missing = readPieces(memory, { address, length }, bytes, PIECE_SIZE)
  for (const at of missing) {
    const piece = { address: address + BigInt(at), length: Math.min(PIECE_SIZE, length - at) }
    readPieces(memory, piece, bytes.subarray(at, at + piece.length), PAGE_SIZE)
  }
  return bytes
}

/** Gives where the pieces start that could not be read. */
function readPieces(memory: Memory, range: Range, into: Uint8Array, size: number): number[] {
  const starts: number[] = []
  for (let at = 0; at < range.length; at += size) starts.push(at)
  const pieces = memory.gather(
    starts.map((at) => {
      return { address: range.address + BigInt(at), length: Math.min(size, range.length - at) }
    }),
  )
  return starts.filter((at, i) => {
    const piece = pieces[i]
    if (piece instanceof Uint8Array) into.set(piece, at)
    return !(piece instanceof Uint8Array)
  })
}
