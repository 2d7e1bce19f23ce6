import { syscall, viewMemory } from './ffi.js'

const PROT_READ = 1
const PROT_WRITE = 2
const MAP_SHARED = 0x01
const MAP_PRIVATE = 0x02
const MAP_FIXED = 0x10
const MAP_ANONYMOUS = 0x20

const NO_BYTES = new Uint8Array(0)

interface Range {
  readonly address: number
  readonly length: number
}

/** Gives address space back once no JavaScript object can reach it any more. */
const unreachable = new FinalizationRegistry<Range>(({ address, length }) => {
  syscall('munmap', address, length)
})

export interface MappingOptions {
  /** Writing to memory that is not mapped writable is a SIGSEGV. */
  readonly writable?: boolean
  /** MAP_SHARED, the default, or MAP_PRIVATE. */
  readonly shared?: boolean
  /** Where in the file to start, a multiple of the page size. */
  readonly offset?: number
}

/**
 * A file mapped into this process with `mmap(2)`.
 *
 * JavaScript cannot take back an array it has handed out, and an array over unmapped memory
 * crashes the process when touched. So disposal does not leave a hole: it lays anonymous pages,
 * which read as zero, over the mapping. The file is released at once, `bytes` becomes empty, and
 * arrays taken from it before stay harmless; their address space goes when they are collected.
 * A mapping that is not disposed lives as long as an array over it.
 */
export class Mapping implements Disposable {
  private readonly range: Range
  private view: Uint8Array

  /** Throws SysError. */
  constructor(fd: number, length: number, options: MappingOptions = {}) {
    const { writable = false, shared = true, offset = 0 } = options
    const protection = writable ? PROT_READ | PROT_WRITE : PROT_READ
    const flags = shared ? MAP_SHARED : MAP_PRIVATE
    const address = syscall('mmap', 0, length, protection, flags, fd, offset)
    this.range = { address, length }
    const buffer = viewMemory(address, length)
    unreachable.register(buffer, this.range)
    this.view = new Uint8Array(buffer)
  }

  /** The mapped memory; empty after disposal. */
  get bytes(): Uint8Array {
    return this.view
  }

  [Symbol.dispose](): void {
    if (this.view === NO_BYTES) return
    this.view = NO_BYTES
    const { address, length } = this.range
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED
    syscall('mmap', address, length, PROT_READ | PROT_WRITE, flags, -1, 0)
  }
}
