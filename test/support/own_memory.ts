import koffi from 'koffi'

const libc = koffi.load(null)
const mmap = libc.func('long mmap(intptr_t, size_t, int, int, int, long)')
const madvise = libc.func('int madvise(intptr_t, size_t, int)')
const mprotect = libc.func('int mprotect(intptr_t, size_t, int)')
const memset = libc.func('intptr_t memset(intptr_t, int, size_t)')
const memcmp = libc.func('int memcmp(intptr_t, intptr_t, size_t)')

export const PAGE = 4096
export const HUGE = 2 ** 21

export const ADVICE = { hugepage: 14, noHugepage: 15, pageout: 21, guardInstall: 102 } as const

const READ_WRITE = 3
const PRIVATE_ANONYMOUS = 0x22

/** Anonymous memory of this very process, to have pages of each kind; it is never given back. */
export class OwnMemory {
  private constructor(readonly address: number) {}

  /** From a multiple of `alignment` on. */
  static map(length: number, alignment = PAGE): OwnMemory {
    const start: number = mmap(0, length + alignment, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0)
    if (start === -1) throw new Error(`cannot map ${length} bytes`)
    return new OwnMemory(Math.ceil(start / alignment) * alignment)
  }

  get start(): bigint {
    return BigInt(this.address)
  }

  /** Whether the kernel took the advice. */
  advise(offset: number, length: number, advice: keyof typeof ADVICE): boolean {
    return madvise(this.address + offset, length, ADVICE[advice]) === 0
  }

  /** `mprotect(PROT_NONE)` */
  forbid(offset: number, length: number): void {
    if (mprotect(this.address + offset, length, 0) !== 0) throw new Error('mprotect')
  }

  write(offset: number, value: number, length = 1): void {
    memset(this.address + offset, value, length)
  }

  /** Reads a byte, and does nothing with it. */
  touch(offset: number): void {
    memcmp(this.address + offset, this.address + offset + 1, 1)
  }
}
