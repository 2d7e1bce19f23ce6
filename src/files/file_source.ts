import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import type { ByteSource } from '../bytes/byte_source.js'
import { KsightError, NotFoundError, PermissionError, UsageError } from '../errors.js'

/**
 * A regular file (the RAM of a virtual machine that `/proc/PID/fd/N` names is one), or a block device.
 * Each read is one of the file: what it remembers may change meanwhile.
 */
export class FileSource implements ByteSource, Disposable {
  readonly size: number
  private readonly fd: number
  private open = true

  /** Throws the reason as a {@link KsightError} where there is no such file, or it cannot be read. */
  constructor(readonly name: string) {
    // Before it is opened: that of a pipe waits for a writer.
    const kind = attempt(name, () => statSync(name))
    if (kind.isDirectory()) throw new KsightError(`cannot read ${name}`, 'it is a directory')
    if (!kind.isFile() && !kind.isBlockDevice()) {
      throw new KsightError(
        `cannot read ${name}`,
        'it is neither a file nor a block device, and images are read here and there',
        'copy it into a file',
      )
    }
    this.fd = attempt(name, () => openSync(name, 'r'))
    try {
      this.size = kind.isFile() ? fstatSync(this.fd).size : this.sizeOfDevice()
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  read(offset: number, into: Uint8Array): number {
    if (!this.open) throw new UsageError(`cannot read ${this.name}`, 'it is closed already')
    // Behind the end of any file; Node takes no such position.
    if (offset + into.length > Number.MAX_SAFE_INTEGER) return 0
    let done = 0
    while (done < into.length) {
      const count = attempt(this.name, () => {
        return readSync(this.fd, into, done, into.length - done, offset + done)
      })
      if (count === 0) break
      done += count
    }
    return done
  }

  /** stat(2) does not tell it, and Node has no lseek(2): the offset where reads end. */
  private sizeOfDevice(): number {
    const byte = new Uint8Array(1)
    const isWithin = (offset: number) => this.read(offset, byte) === 1
    let end = 1
    while (end < Number.MAX_SAFE_INTEGER / 4 && isWithin(end)) end *= 2
    let start = 0
    while (start < end) {
      const middle = Math.floor((start + end) / 2)
      if (isWithin(middle)) start = middle + 1
      else end = middle
    }
    return start
  }

  [Symbol.dispose](): void {
    if (!this.open) return
    this.open = false
    closeSync(this.fd)
  }
}

/** Calls something of node:fs, and tells its errors about a file in one line. */
export function attempt<T>(name: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw error instanceof Error && 'code' in error ? reason(name, `${error.code}`) : error
  }
}

function reason(name: string, code: string): KsightError {
  const what = `cannot read ${name}`
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new NotFoundError(what, [], 'there is no such file')
  if (code === 'EACCES' || code === 'EPERM') {
    return new PermissionError(what, 'permission is denied', 'run as its owner or as root')
  }
  return new KsightError(what, code)
}
