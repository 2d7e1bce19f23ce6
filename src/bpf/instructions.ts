/**
 * `struct bpf_insn` and its encoding: include/uapi/linux/bpf.h, include/uapi/linux/bpf_common.h and
 * the kernel's Documentation/bpf/standardization/instruction-set.rst.
 */
export interface Instruction {
  readonly opcode: number
  readonly dst: number
  readonly src: number
  /** Signed, 16 bits. */
  readonly offset: number
  /** Signed, 32 bits. */
  readonly imm: number
}

/** The three low bits of an opcode. */
export const CLASS = { LD: 0, LDX: 1, ST: 2, STX: 3, ALU: 4, JMP: 5, JMP32: 6, ALU64: 7 } as const

/** BPF_X: the operand is a register, not the immediate value. */
export const SOURCE_REGISTER = 0x08

/** Bits 4 to 7 of an arithmetic opcode. */
export const ALU = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  div: 0x30,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  neg: 0x80,
  mod: 0x90,
  xor: 0xa0,
  mov: 0xb0,
  arsh: 0xc0,
  end: 0xd0,
} as const

/** Bits 4 to 7 of a jump's opcode. */
export const JUMP = {
  ja: 0x00,
  jeq: 0x10,
  jgt: 0x20,
  jge: 0x30,
  jset: 0x40,
  jne: 0x50,
  jsgt: 0x60,
  jsge: 0x70,
  call: 0x80,
  exit: 0x90,
  jlt: 0xa0,
  jle: 0xb0,
  jslt: 0xc0,
  jsle: 0xd0,
  jcond: 0xe0,
} as const

/** Bits 3 and 4 of the opcode of a load or a store. */
export const SIZE = { u32: 0x00, u16: 0x08, u8: 0x10, u64: 0x18 } as const

/** Bits 5 to 7 of the opcode of a load or a store. */
export const MODE = { imm: 0x00, mem: 0x60, memsx: 0x80, atomic: 0xc0 } as const

/** The immediate value of an atomic operation: one of `ALU`, perhaps with `fetch`, or an exchange. */
export const ATOMIC = { fetch: 0x01, xchg: 0xe1, cmpxchg: 0xf1 } as const

/** What the `src` of a 64-bit immediate load says its value is: BPF_PSEUDO_*. */
export const PSEUDO = { mapFd: 1, mapValue: 2, btfId: 3, func: 4 } as const

/** What the `src` of a call says its target is: a helper, or BPF_PSEUDO_(KFUNC_)CALL. */
export const CALL = { helper: 0, local: 1, kfunc: 2 } as const

/** The opcode of a 64-bit immediate load, the only instruction that takes two slots. */
export const LD_IMM64 = CLASS.LD | MODE.imm | SIZE.u64

const INSTRUCTION_SIZE = 8

export function encode(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION_SIZE)
  const view = new DataView(bytes.buffer)
  instructions.forEach((instruction, index) => {
    const at = index * INSTRUCTION_SIZE
    view.setUint8(at, instruction.opcode)
    view.setUint8(at + 1, instruction.dst | (instruction.src << 4))
    view.setInt16(at + 2, instruction.offset, true)
    view.setInt32(at + 4, instruction.imm, true)
  })
  return bytes
}
