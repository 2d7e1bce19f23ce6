import { UsageError } from '../errors.js'
import { addressOf, syscall } from './ffi.js'

/** A file descriptor that this object owns, and closes once. */
export class Fd implements Disposable {
  private open = true
  private readonly owned: number

  constructor(fd: number) {
    this.owned = fd
  }

  /** The descriptor; throws once it is closed, because the number may then be somebody else's. */
  get number(): number {
    if (!this.open) throw new UsageError(`file descriptor ${this.owned}`, 'it is closed already')
    return this.owned
  }

  /** `read(2)`: how many bytes were put into `buffer`; 0 at the end. Throws SysError. */
  read(buffer: Uint8Array): number {
    return syscall('read', this.number, addressOf(buffer), buffer.length)
  }

  [Symbol.dispose](): void {
    if (!this.open) return
    this.open = false
    syscall('close', this.owned)
  }
}
