import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { FaultError } from '../../src/errors.js'
import { type Memory, type Range, readOrFault } from '../../src/memory/memory.js'

/** Physical memory that is a file, such as the RAM of a virtual machine without a gap. */
export class FileMemory implements Memory, Disposable {
  private readonly fd: number
  readonly size: bigint

  constructor(path: string) {
    this.fd = openSync(path, 'r')
    this.size = BigInt(fstatSync(this.fd).size)
  }

  read(address: bigint, into: Uint8Array): void {
    const length =
      address >= 0n && address < this.size
        ? readSync(this.fd, into, 0, into.length, Number(address))
        : 0
    if (length < into.length) throw new FaultError(address + BigInt(length), 'the RAM has ended')
  }

  gather(ranges: readonly Range[]): (Uint8Array | FaultError)[] {
    return ranges.map((range) => readOrFault(this, range))
  }

  [Symbol.dispose](): void {
    closeSync(this.fd)
  }
}
