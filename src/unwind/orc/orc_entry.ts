import type { Btf } from '../../btf/btf.js'
import type { BtfStruct } from '../../btf/kinds.js'
import { UnsupportedError } from '../../errors.js'

/** The `ORC_REG_*` of arch/x86/include/asm/orc_types.h: the same since Linux 4.14. */
export const ORC_REG = {
  UNDEFINED: 0,
  PREV_SP: 1,
  DX: 2,
  DI: 3,
  BP: 4,
  SP: 5,
  R10: 6,
  R13: 7,
  BP_INDIRECT: 8,
  SP_INDIRECT: 9,
} as const

/** What is at the place where the previous stack pointer leads. */
export type OrcType =
  /** Nothing is known of this code. */
  | 'undefined'
  /** There is no caller. */
  | 'end of stack'
  /** A return address right below. */
  | 'call'
  /** A whole `struct pt_regs`. */
  | 'regs'
  /** The end of a `struct pt_regs`: what the CPU itself pushes on an interrupt. */
  | 'regs partial'

/** `struct orc_entry`: how to get from a place in the code of a function to its caller. */
export interface OrcEntry {
  readonly spReg: number
  readonly spOffset: number
  readonly bpReg: number
  readonly bpOffset: number
  readonly type: OrcType
  /** What called was interrupted: its address is that of an instruction that is still to be run. */
  readonly signal: boolean
}

/** Code with a frame pointer: `orc_fp_entry`. */
export const FRAME_POINTER_ENTRY: OrcEntry = {
  spReg: ORC_REG.BP,
  spOffset: 16,
  bpReg: ORC_REG.PREV_SP,
  bpOffset: -16,
  type: 'call',
  signal: false,
}

/** By number since Linux 6.4 (fb799447ae29). */
const TYPES: readonly OrcType[] = ['undefined', 'end of stack', 'call', 'regs', 'regs partial']

/** By number before. */
const OLD_TYPES: readonly OrcType[] = ['call', 'regs', 'regs partial']

/** Bytes of the two offsets and of the bit-fields behind them, in all versions. */
const ENTRY_SIZE = 6
const BITS_AT = 4

/**
 * How a kernel's `struct orc_entry` is laid out and what its fields mean, as its BTF tells: `signal` came
 * with Linux 6.3 (ffb1b4a41016); since 6.4 (fb799447ae29) two more types take the place of `end`.
 */
export class OrcFormat {
  readonly size = ENTRY_SIZE
  private readonly spReg: BitField
  private readonly bpReg: BitField
  private readonly type: BitField
  private readonly signal: BitField | undefined
  private readonly end: BitField | undefined

  /** Undefined for a kernel that was built without CONFIG_UNWINDER_ORC. */
  static of(btf: Btf): OrcFormat | undefined {
    const struct = btf.find('orc_entry', 'struct')
    return struct && new OrcFormat(btf, struct as BtfStruct)
  }

  private constructor(btf: Btf, struct: BtfStruct) {
    const field = (name: string) => bitField(btf, struct, name)
    const [spReg, bpReg, type] = ['sp_reg', 'bp_reg', 'type'].map(field)
    if (struct.size !== ENTRY_SIZE || !spReg || !bpReg || !type || !btf.littleEndian) {
      throw new UnsupportedError(
        'cannot unwind kernel stacks',
        'this kernel’s struct orc_entry is of an unknown kind',
      )
    }
    this.spReg = spReg
    this.bpReg = bpReg
    this.type = type
    this.signal = field('signal')
    this.end = field('end')
  }

  decode(view: DataView, at: number): OrcEntry {
    const bits = view.getUint16(at + BITS_AT, true)
    const spReg = fieldOf(this.spReg, bits)
    const type = this.typeOf(bits, spReg)
    return {
      spReg,
      spOffset: view.getInt16(at, true),
      bpReg: fieldOf(this.bpReg, bits),
      bpOffset: view.getInt16(at + 2, true),
      type,
      signal:
        this.signal === undefined ? type.startsWith('regs') : fieldOf(this.signal, bits) !== 0,
    }
  }

  private typeOf(bits: number, spReg: number): OrcType {
    const type = fieldOf(this.type, bits)
    if (this.end === undefined) return TYPES[type] ?? 'undefined'
    if (spReg !== ORC_REG.UNDEFINED) return OLD_TYPES[type] ?? 'undefined'
    return fieldOf(this.end, bits) === 0 ? 'undefined' : 'end of stack'
  }
}

/** Within the 16 bits behind the offsets. */
interface BitField {
  readonly shift: number
  readonly mask: number
}

function bitField(btf: Btf, struct: BtfStruct, name: string): BitField | undefined {
  const member = btf.findMember(struct, name)
  if (member === undefined) return undefined
  const shift = member.bitOffset - BITS_AT * 8
  const fits = shift >= 0 && member.bitSize > 0 && shift + member.bitSize <= 16
  return fits ? { shift, mask: (1 << member.bitSize) - 1 } : undefined
}

function fieldOf({ shift, mask }: BitField, bits: number): number {
  return (bits >> shift) & mask
}
