import { FaultError } from '../../errors.js'
import { SysError } from '../../linux/errno.js'
import { processVmReadv, type RemotePiece } from '../../linux/process_vm_readv.js'
import type { StackMemory } from '../../unwind/word_reader.js'
import { cannotTrace } from '../user_memory.js'

const PAGE_BYTES = 4096
const PAGE_SIZE = BigInt(PAGE_BYTES)

/** What of a stack is copied at once, from its innermost page on. Most threads use less. */
const WINDOW = 4n * PAGE_SIZE

/** The part of a user stack that is in use, copied at one moment; what lies farther is read when it is needed. */
export class StackCopy implements StackMemory {
  /** Whether something was read after the copy was made. */
  readLate = false

  constructor(
    private readonly pid: number,
    private readonly start: bigint,
    private readonly bytes: Uint8Array,
  ) {}

  pageAt(start: bigint): DataView | undefined {
    const offset = Number(start - this.start)
    if (offset < 0 || offset + PAGE_BYTES > this.bytes.length) return undefined
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + offset, PAGE_BYTES)
  }

  read(address: bigint, into: Uint8Array): void {
    const offset = address - this.start
    if (offset >= 0n && offset + BigInt(into.length) <= BigInt(this.bytes.length)) {
      into.set(this.bytes.subarray(Number(offset), Number(offset) + into.length))
      return
    }
    this.readLate = true
    const [count] = readUser(this.pid, [{ address, into }])
    if (count! < into.length) {
      throw new FaultError(address + BigInt(count!), 'nothing is mapped there')
    }
  }
}

/** Copies the stacks of threads of one process, with as few system calls as there can be. */
export function copyStacks(
  pid: number,
  stackPointers: readonly bigint[],
  endOfMapping: (address: bigint) => bigint | undefined,
): StackCopy[] {
  // One array for all: very many small ones would be much work for the garbage collector.
  const all = new Uint8Array(stackPointers.length * Number(WINDOW))
  let used = 0
  const pieces = stackPointers.map((sp): RemotePiece => {
    const address = sp - (sp % PAGE_SIZE)
    const end = endOfMapping(sp) ?? address
    const length = Number(end - address < WINDOW ? end - address : WINDOW)
    used += length
    return { address, into: all.subarray(used - length, used) }
  })
  const counts = readUser(pid, pieces)
  return pieces.map(({ address, into }, i) => {
    return new StackCopy(pid, address, into.subarray(0, counts[i]))
  })
}

/** Nothing where the process is gone; throws {@link PermissionError}. */
function readUser(pid: number, pieces: readonly RemotePiece[]): number[] {
  try {
    return processVmReadv(pid, pieces)
  } catch (error) {
    if (!(error instanceof SysError)) throw error
    if (error.code === 'ESRCH') return pieces.map(() => 0)
    throw cannotTrace(pid, error)
  }
}
