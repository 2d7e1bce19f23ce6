import { FaultError } from '../errors.js'

/** `length` bytes from `address` on. */
export interface Range {
  readonly address: bigint
  readonly length: number
}

/** An address space that can be read: a running kernel's, or the virtual or physical one of a memory image. */
export interface Memory {
  /**
   * Fills `into` with the bytes from `address` on. Throws {@link FaultError} with the first address
   * that could not be read; `into` is then undefined.
   */
  read(address: bigint, into: Uint8Array): void

  /** Reads many ranges at once; a range that could not be read gives its own {@link FaultError}. */
  gather(ranges: readonly Range[]): (Uint8Array | FaultError)[]

  /** Forgets what is remembered of earlier reads; memory that remembers nothing has none. */
  drop?(): void
}

/** The bytes of one range, or a {@link FaultError}. */
export function readBytes(memory: Memory, address: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  memory.read(address, bytes)
  return bytes
}

/** The bytes of a range, or its fault as a value. */
export function readOrFault(memory: Pick<Memory, 'read'>, range: Range): Uint8Array | FaultError {
  const bytes = new Uint8Array(range.length)
  try {
    memory.read(range.address, bytes)
    return bytes
  } catch (error) {
    if (error instanceof FaultError) return error
    throw error
  }
}
