import { closeSync, openSync, readSync } from 'node:fs'
import { type Elf, readElf } from '../elf/elf.js'
import { FaultError, PermissionError, UnsupportedError } from '../errors.js'
import { type Memory, type Range, readOrFault } from '../memory/memory.js'

const FILE = '/proc/kcore'
const PT_LOAD = 1
const PAGE_SIZE = 4096n

/** /proc/kcore's headers and notes: a few program headers, and one more for each piece of RAM. */
const HEADER_BYTES = 1 << 20

interface Segment {
  readonly start: bigint
  readonly end: bigint
  /** What is added to an address to get an offset in the file. */
  readonly shift: bigint
}

/**
 * The running kernel's memory through /proc/kcore, an ELF core file whose segments are the ranges
 * of kernel addresses in use. It needs CONFIG_PROC_KCORE and CAP_SYS_RAWIO, and no kernel lockdown.
 *
 * Within the vmalloc area, the kernel shows zeros for what is not mapped, such as the guard page
 * behind a kernel stack, and there is no fault to report.
 */
export class KcoreMemory implements Memory, Disposable {
  private readonly fd = open()
  private readonly segments: readonly Segment[]
  /** Where the file says VMCOREINFO is; since Linux 4.19 it is one of the notes. */
  readonly elf: Elf

  constructor() {
    this.elf = this.readHeaders()
    this.segments = this.elf.segments
      .filter(({ type }) => type === PT_LOAD)
      .map(({ vaddr, memsz, offset }) => ({
        start: vaddr,
        end: vaddr + memsz,
        shift: offset - vaddr,
      }))
  }

  private readHeaders(): Elf {
    try {
      const bytes = new Uint8Array(HEADER_BYTES)
      return readElf(bytes.subarray(0, readSync(this.fd, bytes, 0, bytes.length, 0)), FILE)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  read(address: bigint, into: Uint8Array): void {
    let done = 0
    while (done < into.length) {
      const at = address + BigInt(done)
      const segment = this.segments.find(({ start, end }) => at >= start && at < end)
      if (segment === undefined) throw new FaultError(at, `no segment of ${FILE} has it`)
      const left = segment.end - at
      const length = left < into.length - done ? Number(left) : into.length - done
      done += this.readSegment(at, at + segment.shift, into.subarray(done, done + length))
    }
  }

  /** Reads what can be read at once; pages that are not mapped make the read end early or fail. */
  private readSegment(address: bigint, position: bigint, into: Uint8Array): number {
    let count = 0
    try {
      count = readSync(this.fd, into, 0, into.length, position)
    } catch (error) {
      if (into.length === 1) throw new FaultError(address, (error as Error).message)
      // Some page of the range failed; which one is found by taking the first alone.
      const untilPageEnd = Number(PAGE_SIZE - (address % PAGE_SIZE))
      if (untilPageEnd >= into.length) throw new FaultError(address, 'the kernel cannot read it')
      return this.readSegment(address, position, into.subarray(0, untilPageEnd))
    }
    if (count === 0) throw new FaultError(address, `${FILE} ends before it`)
    return count
  }

  gather(ranges: readonly Range[]): (Uint8Array | FaultError)[] {
    return ranges.map((range) => readOrFault(this, range))
  }

  [Symbol.dispose](): void {
    closeSync(this.fd)
  }
}

function open(): number {
  try {
    return openSync(FILE, 'r')
  } catch (error) {
    throw cannotOpen((error as NodeJS.ErrnoException).code)
  }
}

function cannotOpen(code: string | undefined): Error {
  const what = `cannot read kernel memory through ${FILE}`
  if (code === 'ENOENT') {
    return new UnsupportedError(
      what,
      'this kernel has none',
      'use --via bpf, or a kernel built with CONFIG_PROC_KCORE',
    )
  }
  return new PermissionError(
    what,
    `it needs the capability CAP_SYS_RAWIO and no kernel lockdown (${code})`,
    'run it as root, for example with sudo',
  )
}
