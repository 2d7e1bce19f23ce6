import { SysError } from './errno.js'
import { addressOf, syscall } from './ffi.js'

/** Memory of another process, and where to put it. */
export interface RemotePiece {
  readonly address: bigint
  readonly into: Uint8Array
}

/** IOV_MAX: the most pieces of one call. */
const MOST_PIECES = 1024

const IOVEC_SIZE = 16

/**
 * `process_vm_readv(2)`: reads many pieces of a process's memory, which is not stopped for it. Gives how
 * many bytes of each piece could be read from its start on. Throws {@link SysError} where there is no
 * such process (ESRCH), or where it may not be read (EPERM).
 */
export function processVmReadv(pid: number, pieces: readonly RemotePiece[]): number[] {
  const counts = pieces.map(() => 0)
  for (let first = 0; first < pieces.length; ) {
    const end = Math.min(first + MOST_PIECES, pieces.length)
    // It ends at the first piece that cannot be read as a whole; the next call goes on behind it.
    first = share(readSome(pid, pieces.slice(first, end)), pieces, counts, first, end)
  }
  return counts
}

/** Notes what was read of each piece; gives the first one that is still to be asked for. */
function share(
  count: number,
  pieces: readonly RemotePiece[],
  counts: number[],
  first: number,
  end: number,
): number {
  let left = count
  for (let i = first; i < end; i++) {
    const { length } = pieces[i]!.into
    counts[i] = Math.min(left, length)
    left -= counts[i]!
    if (counts[i]! < length) return i + 1
  }
  return end
}

function readSome(pid: number, pieces: readonly RemotePiece[]): number {
  const local = iovecs(pieces, ({ into }) => BigInt(addressOf(into)))
  const remote = iovecs(pieces, ({ address }) => address)
  const { length } = pieces
  try {
    return syscall('process_vm_readv', pid, addressOf(local), length, addressOf(remote), length, 0)
  } catch (error) {
    if (error instanceof SysError && error.code === 'EFAULT') return 0
    throw error
  }
}

/** `struct iovec { void *iov_base; size_t iov_len; }` for each piece. */
function iovecs(pieces: readonly RemotePiece[], base: (piece: RemotePiece) => bigint): Uint8Array {
  const bytes = new Uint8Array(pieces.length * IOVEC_SIZE)
  const words = new BigUint64Array(bytes.buffer)
  pieces.forEach((piece, i) => {
    words[2 * i] = base(piece)
    words[2 * i + 1] = BigInt(piece.into.length)
  })
  return bytes
}
