import { BPF_F_MMAPABLE, BpfMap } from '../bpf/map.js'
import { FaultError } from '../errors.js'
import { Owner } from '../linux/owner.js'
import { type Memory, type Range, readOrFault } from '../memory/memory.js'
import {
  loadReadProgram,
  MAX_REQUESTS,
  REQUEST_SIZE,
  REQUESTS_AT,
  SHARED_SIZE,
  WINDOW,
  WINDOW_AT,
} from './read_program.js'

const PAGE_SIZE = 4096n

/**
 * The running kernel's memory, read by a BPF program of type SYSCALL that copies with
 * `bpf_probe_read_kernel` into a map that this process has mapped. It needs CAP_BPF and
 * CAP_PERFMON, no /proc/kcore, no module and no kprobes; Linux 5.17 or later.
 */
export class BpfMemory implements Memory, Disposable {
  private readonly owner = new Owner()
  private readonly run: () => number
  private readonly shared: Uint8Array
  private readonly view: DataView

  constructor() {
    const { shared, run } = this.owner.orDispose(() => this.setUp())
    this.shared = shared
    this.view = new DataView(shared.buffer, shared.byteOffset, shared.byteLength)
    this.run = run
  }

  private setUp() {
    const map = this.owner.own(
      BpfMap.create({
        type: 'array',
        keySize: 4,
        valueSize: SHARED_SIZE,
        maxEntries: 1,
        flags: BPF_F_MMAPABLE,
        name: 'ksight_read',
      }),
    )
    const shared = this.owner.own(map.mmap()).bytes
    const run = this.owner.own(loadReadProgram(map.fd.number)).prepareRun()
    return { shared, run }
  }

  read(address: bigint, into: Uint8Array): void {
    for (let done = 0; done < into.length; done += WINDOW) {
      const part = into.subarray(done, done + WINDOW)
      const at = address + BigInt(done)
      this.request(0, at, part.length, 0)
      this.serve(1)
      if (this.result(0) < 0) throw this.fault(at, part.length)
      part.set(this.shared.subarray(WINDOW_AT, WINDOW_AT + part.length))
    }
  }

  gather(ranges: readonly Range[]): (Uint8Array | FaultError)[] {
    const results: (Uint8Array | FaultError)[] = new Array(ranges.length)
    for (let next = 0; next < ranges.length; ) next = this.gatherSome(ranges, next, results)
    return results
  }

  /** Reads as many ranges, from `first` on, as one call can; gives the first one left over. */
  private gatherSome(
    ranges: readonly Range[],
    first: number,
    results: (Uint8Array | FaultError)[],
  ): number {
    let used = 0
    let next = first
    for (; next < ranges.length && next - first < MAX_REQUESTS; next++) {
      const { address, length } = ranges[next]!
      if (used + length > WINDOW) break
      this.request(next - first, address, length, used)
      used += length
    }
    if (next === first) {
      results[first] = readOrFault(this, ranges[first]!)
      return first + 1
    }
    this.serve(next - first)
    this.collect(ranges, first, next, results)
    return next
  }

  private collect(
    ranges: readonly Range[],
    first: number,
    end: number,
    results: (Uint8Array | FaultError)[],
  ): void {
    let offset = WINDOW_AT
    const failed: number[] = []
    for (let i = first; i < end; i++) {
      const { length } = ranges[i]!
      if (this.result(i - first) < 0) failed.push(i)
      else results[i] = this.shared.slice(offset, offset + length)
      offset += length
    }
    // Asked last: it uses the window again.
    for (const i of failed) results[i] = this.fault(ranges[i]!.address, ranges[i]!.length)
  }

  /** Finds the first page of a range that cannot be read. */
  private fault(address: bigint, length: number): FaultError {
    const end = address + BigInt(length)
    let at = address
    while (at < end) {
      const next = (at / PAGE_SIZE + 1n) * PAGE_SIZE
      const stop = next < end ? next : end
      this.request(0, at, Number(stop - at), 0)
      this.serve(1)
      if (this.result(0) < 0) return new FaultError(at, 'no kernel memory is mapped there')
      at = stop
    }
    return new FaultError(address, 'it was not mapped a moment ago')
  }

  private request(index: number, address: bigint, length: number, offset: number): void {
    const at = REQUESTS_AT + index * REQUEST_SIZE
    this.view.setBigUint64(at, address, true)
    this.view.setUint32(at + 8, length, true)
    this.view.setUint32(at + 12, offset, true)
  }

  private serve(count: number): void {
    this.view.setBigUint64(0, BigInt(count), true)
    this.run()
  }

  /** 0, or less where the range could not be read. */
  private result(index: number): number {
    return this.view.getInt32(REQUESTS_AT + index * REQUEST_SIZE + 16, true)
  }

  [Symbol.dispose](): void {
    this.owner[Symbol.dispose]()
  }
}
