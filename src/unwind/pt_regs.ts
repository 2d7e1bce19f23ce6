import type { Btf } from '../btf/btf.js'
import { UnsupportedError } from '../errors.js'
import { type Memory, readBytes } from '../memory/memory.js'

/** Registers by the names that the kernel's `struct pt_regs` gives them. */
export type NamedRegisters = ReadonlyMap<string, bigint>

/** Selectors; in kernels with FRED (Linux 6.9) other facts are kept above them. */
const SELECTORS = new Set(['cs', 'ss'])

/** What else is where the selectors are. */
const OTHER_VIEWS = new Set(['csx', 'ssx', 'fred_cs', 'fred_ss'])

/** Where the registers are in a kernel's `struct pt_regs` of x86-64: all are words of 64 bits. */
export class PtRegs {
  readonly size: number
  /** IRET_FRAME_OFFSET, and IRET_FRAME_SIZE. */
  readonly iretOffset: number
  readonly iretSize: number
  private readonly offsets = new Map<string, number>()

  constructor(btf: Btf) {
    const struct = btf.find('pt_regs', 'struct')
    for (const { name, bitOffset } of struct ? btf.flatMembers(struct) : []) {
      if (!OTHER_VIEWS.has(name)) this.offsets.set(name, bitOffset / 8)
    }
    const ip = this.offsets.get('ip')
    if (struct === undefined || ip === undefined || !this.offsets.has('r15')) {
      throw new UnsupportedError('cannot unwind kernel stacks', 'this is no x86-64 kernel')
    }
    this.size = struct.size
    this.iretOffset = ip
    this.iretSize = struct.size - ip
  }

  /** All registers at an address. */
  read(memory: Memory, address: bigint): NamedRegisters {
    return this.decode(readBytes(memory, address, this.size), 0)
  }

  /** What the CPU itself pushes on an interrupt, at the end of where a whole struct would be. */
  readIret(memory: Memory, address: bigint): NamedRegisters {
    const bytes = readBytes(memory, address + BigInt(this.iretOffset), this.iretSize)
    return this.decode(bytes, this.iretOffset)
  }

  private decode(bytes: Uint8Array, from: number): NamedRegisters {
    const view = new DataView(bytes.buffer)
    const registers = new Map<string, bigint>()
    for (const [name, offset] of this.offsets) {
      if (offset < from || offset - from + 8 > bytes.length) continue
      const value = view.getBigUint64(offset - from, true)
      registers.set(name, SELECTORS.has(name) ? value & 0xffffn : value)
    }
    return registers
  }
}

/** `user_mode(regs)`: the two lowest bits of the code segment are the ring. */
export function userMode(registers: NamedRegisters): boolean {
  return ((registers.get('cs') ?? 0n) & 3n) === 3n
}
