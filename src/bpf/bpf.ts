import { SysError } from '../linux/errno.js'
import { addressOf, syscall } from '../linux/ffi.js'
import { bpfError } from './bpf_error.js'

/** `enum bpf_cmd` of include/uapi/linux/bpf.h, as far as used here. */
const COMMANDS = {
  BPF_MAP_CREATE: 0,
  BPF_MAP_LOOKUP_ELEM: 1,
  BPF_MAP_UPDATE_ELEM: 2,
  BPF_MAP_DELETE_ELEM: 3,
  BPF_MAP_GET_NEXT_KEY: 4,
  BPF_PROG_LOAD: 5,
  BPF_PROG_TEST_RUN: 10,
  BPF_BTF_LOAD: 18,
  BPF_LINK_CREATE: 28,
  BPF_ITER_CREATE: 33,
} as const

export type BpfCommand = keyof typeof COMMANDS

/** BPF_OBJ_NAME_LEN, the NUL included. */
const NAME_LENGTH = 16

/**
 * A `union bpf_attr`, filled in by offset; offsets are those of the struct of its command. It keeps
 * the memory that it points to reachable, so it can be built once and used for many calls.
 */
export class BpfAttr {
  readonly address: number
  private readonly view: DataView
  private readonly targets = new Map<number, Uint8Array>()

  constructor(readonly size: number) {
    const bytes = new Uint8Array(size)
    this.address = addressOf(bytes)
    this.view = new DataView(bytes.buffer)
  }

  u32(offset: number, value: number): this {
    this.view.setUint32(offset, value, true)
    return this
  }

  u64(offset: number, value: bigint): this {
    this.view.setBigUint64(offset, value, true)
    return this
  }

  pointer(offset: number, target: Uint8Array): this {
    this.targets.set(offset, target)
    return this.u64(offset, BigInt(addressOf(target)))
  }

  /** An object's name; the kernel takes letters, digits, `_` and `.`. */
  name(offset: number, name: string): this {
    for (let i = 0; i < Math.min(name.length, NAME_LENGTH - 1); i++) {
      this.view.setUint8(offset + i, name.charCodeAt(i))
    }
    return this
  }

  getU32(offset: number): number {
    return this.view.getUint32(offset, true)
  }
}

/**
 * `int bpf(int cmd, union bpf_attr *attr, unsigned int size)`. Throws PermissionError,
 * UnsupportedError, or SysError where the errno says it all.
 */
export function bpf(command: BpfCommand, attr: BpfAttr): number {
  try {
    return syscall('bpf', COMMANDS[command], attr.address, attr.size)
  } catch (error) {
    if (error instanceof SysError) throw bpfError(new SysError(`bpf ${command}`, error.errno))
    throw error
  }
}
