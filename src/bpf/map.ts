import { SysError } from '../linux/errno.js'
import { Fd } from '../linux/fd.js'
import { Mapping } from '../linux/mmap.js'
import { BpfAttr, type BpfCommand, bpf } from './bpf.js'

/** `enum bpf_map_type`, those whose values the kernel copies out as a single one. */
const MAP_TYPES = {
  hash: 1,
  array: 2,
  perf_event_array: 4,
  stack_trace: 7,
  lru_hash: 9,
  ringbuf: 27,
} as const

/** Flags of BPF_MAP_CREATE. */
export const BPF_F_MMAPABLE = 1 << 10

const ELEMENT_ATTR_SIZE = 32

export interface MapOptions {
  readonly type: keyof typeof MAP_TYPES
  /** Bytes; 4 for an array. */
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  readonly flags?: number
  readonly name: string
}

/** A BPF map. */
export class BpfMap implements Disposable {
  private constructor(
    readonly fd: Fd,
    readonly options: MapOptions,
  ) {}

  /** BPF_MAP_CREATE. Throws SysError. */
  static create(options: MapOptions): BpfMap {
    const attr = new BpfAttr(44)
      .u32(0, MAP_TYPES[options.type])
      .u32(4, options.keySize)
      .u32(8, options.valueSize)
      .u32(12, options.maxEntries)
      .u32(16, options.flags ?? 0)
      .name(28, options.name)
    return new BpfMap(new Fd(bpf('BPF_MAP_CREATE', attr)), options)
  }

  /** The value of a key, or undefined if there is none. */
  lookup(key: Uint8Array): Uint8Array | undefined {
    const value = new Uint8Array(this.options.valueSize)
    return this.find('BPF_MAP_LOOKUP_ELEM', this.element(key).pointer(16, value))
      ? value
      : undefined
  }

  /** Creates or replaces the value of a key. */
  update(key: Uint8Array, value: Uint8Array): void {
    checkSize('value', value, this.options.valueSize)
    bpf('BPF_MAP_UPDATE_ELEM', this.element(key).pointer(16, value))
  }

  /** Whether there was such a key. */
  delete(key: Uint8Array): boolean {
    return this.find('BPF_MAP_DELETE_ELEM', this.element(key))
  }

  /** The key after this one in the map's own order (the first if there is no such key). */
  nextKey(key?: Uint8Array): Uint8Array | undefined {
    const next = new Uint8Array(this.options.keySize)
    const attr = key === undefined ? this.element() : this.element(key)
    return this.find('BPF_MAP_GET_NEXT_KEY', attr.pointer(16, next)) ? next : undefined
  }

  /** The values of an array made with {@link BPF_F_MMAPABLE}, each at a multiple of 8 bytes. */
  mmap(): Mapping {
    const { valueSize, maxEntries } = this.options
    const length = Math.ceil(valueSize / 8) * 8 * maxEntries
    return new Mapping(this.fd.number, length, { writable: true })
  }

  private element(key?: Uint8Array): BpfAttr {
    const attr = new BpfAttr(ELEMENT_ATTR_SIZE).u32(0, this.fd.number)
    if (key === undefined) return attr
    checkSize('key', key, this.options.keySize)
    return attr.pointer(8, key)
  }

  private find(command: BpfCommand, attr: BpfAttr): boolean {
    try {
      bpf(command, attr)
      return true
    } catch (error) {
      if (error instanceof SysError && error.code === 'ENOENT') return false
      throw error
    }
  }

  [Symbol.dispose](): void {
    this.fd[Symbol.dispose]()
  }
}

function checkSize(what: string, bytes: Uint8Array, size: number): void {
  if (bytes.length === size) return
  throw new RangeError(`a ${what} of this map has ${size} bytes, not ${bytes.length}`)
}
