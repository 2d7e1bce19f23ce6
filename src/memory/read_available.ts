import { FaultError } from '../errors.js'
import type { Memory } from './memory.js'

const PAGE_SIZE = 4096
const PIECE_SIZE = 16 * PAGE_SIZE

/**
 * Fills `into` from an address on, with zeros in the place of pages that cannot be read; tells
 * whether there were none of these.
 */
export function readAvailable(memory: Memory, address: bigint, into: Uint8Array): boolean {
  if (tryRead(memory, address, into)) return true
  readPieces(memory, address, into, PIECE_SIZE)
  return false
}

/** What is not read is zeros. */
function readPieces(memory: Memory, address: bigint, into: Uint8Array, size: number): void {
  // Up to the next multiple of the size first, so that a piece of one page is one page.
  let end = size - Number(address & BigInt(size - 1))
  for (let at = 0; at < into.length; at = end, end += size) {
    const piece = into.subarray(at, end)
    const start = address + BigInt(at)
    if (tryRead(memory, start, piece)) continue
    piece.fill(0)
    if (size > PAGE_SIZE) readPieces(memory, start, piece, PAGE_SIZE)
  }
}

function tryRead(memory: Memory, address: bigint, into: Uint8Array): boolean {
  try {
    memory.read(address, into)
    return true
  } catch (error) {
    if (error instanceof FaultError) return false
    throw error
  }
}
