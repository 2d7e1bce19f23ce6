import { CodeBuffer } from './code_buffer.js'
import {
  ALU,
  ATOMIC,
  CALL,
  CLASS,
  type Instruction,
  JUMP,
  LD_IMM64,
  MODE,
  PSEUDO,
  SIZE,
  SOURCE_REGISTER,
} from './instructions.js'
import { print } from './print.js'
import type { Register } from './registers.js'

type R = Register<64>
type W = Register<32>
type Bits = 32 | 64

/** A register as wide as the other operand, or a number of 32 bits whose sign is extended. */
export type Operand<B extends Bits> = Register<NoInfer<B>> | number

/** Sizes of memory that is accessed. */
export type Size = keyof typeof SIZE

const SIGNED_SIZE = { s8: 'u8', s16: 'u16', s32: 'u32' } as const

/** Sizes of atomic operations. */
export type AtomicSize = 'u32' | 'u64'

/**
 * Assembles a BPF program. Each method appends an instruction; jumps and calls name labels, before
 * or after the place where {@link label} puts them. Whether an instruction works on 64 bits or 32
 * is said by its registers, R or W.
 */
export class Assembler extends CodeBuffer {
  // Arithmetic.

  mov<B extends Bits>(dst: Register<B>, operand: Operand<B>): this {
    return this.alu(ALU.mov, dst, operand)
  }
  /** Copies the low bits and extends their sign (Linux 6.6). */
  movsx(dst: R, src: R, bits: 8 | 16 | 32): this
  movsx(dst: W, src: W, bits: 8 | 16): this
  movsx<B extends Bits>(dst: Register<B>, src: Register<B>, bits: number): this {
    return this.alu(ALU.mov, dst, src, bits)
  }
  neg(dst: Register<Bits>): this {
    return this.emit({ opcode: aluClass(dst) | ALU.neg, dst: dst.number })
  }
  add<B extends Bits>(dst: Register<B>, operand: Operand<B>): this {
    return this.alu(ALU.add, dst, operand)
  }
  sub<B extends Bits>(dst: Register<B>, operand: Operand<B>): this {
    return this.alu(ALU.sub, dst, operand)
  }
  mul<B extends Bits>(dst: Register<B>, operand: Operand<B>): this {
    return this.alu(ALU.mul, dst, operand)
  }
  /** Unsigned; division by a register that is 0 gives 0. */
  div<B extends Bits>(dst: Register<B>, operand: Operand<B>): this {
    return this.alu(ALU.div, dst, operand)
  }
  /** Unsigned; modulo a register that is 0 leaves `dst` as it is. */
  mod<B extends Bits>(dst: Register<B>, operand: Operand<B>): this {
    return this.alu(ALU.mod, dst, operand)
  }
  /** Signed (Linux 6.6). */
  sdiv<B extends Bits>(dst: Register<B>, operand: Operand<B>): this {
    return this.alu(ALU.div, dst, operand, 1)
  }
  /** Signed (Linux 6.6). */
  smod<B extends Bits>(dst: Register<B>, operand: Operand<B>): this {
    return this.alu(ALU.mod, dst, operand, 1)
  }
  or<B extends Bits>(dst: Register<B>, operand: Operand<B>): this {
    return this.alu(ALU.or, dst, operand)
  }
  and<B extends Bits>(dst: Register<B>, operand: Operand<B>): this {
    return this.alu(ALU.and, dst, operand)
  }
  xor<B extends Bits>(dst: Register<B>, operand: Operand<B>): this {
    return this.alu(ALU.xor, dst, operand)
  }
  lsh<B extends Bits>(dst: Register<B>, operand: Operand<B>): this {
    return this.alu(ALU.lsh, dst, operand)
  }
  rsh<B extends Bits>(dst: Register<B>, operand: Operand<B>): this {
    return this.alu(ALU.rsh, dst, operand)
  }
  /** Shifts right and keeps the sign. */
  arsh<B extends Bits>(dst: Register<B>, operand: Operand<B>): this {
    return this.alu(ALU.arsh, dst, operand)
  }

  // Byte order; the bits above become 0.

  /** Converts between the machine's byte order and little-endian. */
  le(dst: R, bits: 16 | 32 | 64): this {
    return this.emit({ opcode: CLASS.ALU | ALU.end, dst: dst.number, imm: bits })
  }
  /** Converts between the machine's byte order and big-endian. */
  be(dst: R, bits: 16 | 32 | 64): this {
    const opcode = CLASS.ALU | ALU.end | SOURCE_REGISTER
    return this.emit({ opcode, dst: dst.number, imm: bits })
  }
  /** Reverses the bytes (Linux 6.6). */
  bswap(dst: R, bits: 16 | 32 | 64): this {
    return this.emit({ opcode: CLASS.ALU64 | ALU.end, dst: dst.number, imm: bits })
  }

  // Memory.

  /** `dst = *(size *)(src + offset)`; the signed sizes, which extend the sign: Linux 6.6. */
  load(size: Size | keyof typeof SIGNED_SIZE, dst: R, src: R, offset = 0): this {
    const opcode =
      size in SIZE
        ? CLASS.LDX | MODE.mem | SIZE[size as Size]
        : CLASS.LDX | MODE.memsx | SIZE[SIGNED_SIZE[size as keyof typeof SIGNED_SIZE]]
    return this.emit({ opcode, dst: dst.number, src: src.number, offset })
  }
  /** `*(size *)(dst + offset) = operand` */
  store(size: Size, dst: R, offset: number, operand: Operand<64>): this {
    const opcode = MODE.mem | SIZE[size]
    return typeof operand === 'number'
      ? this.emit({ opcode: CLASS.ST | opcode, dst: dst.number, offset, imm: operand })
      : this.emit({ opcode: CLASS.STX | opcode, dst: dst.number, src: operand.number, offset })
  }

  // Atomic operations on memory (those other than atomicAdd: Linux 5.12).

  atomicAdd(size: AtomicSize, dst: R, offset: number, src: R): this {
    return this.atomic(size, ALU.add, dst, offset, src)
  }
  atomicOr(size: AtomicSize, dst: R, offset: number, src: R): this {
    return this.atomic(size, ALU.or, dst, offset, src)
  }
  atomicAnd(size: AtomicSize, dst: R, offset: number, src: R): this {
    return this.atomic(size, ALU.and, dst, offset, src)
  }
  atomicXor(size: AtomicSize, dst: R, offset: number, src: R): this {
    return this.atomic(size, ALU.xor, dst, offset, src)
  }
  /** `src` gets the old value; so in the other methods with `Fetch`. */
  atomicFetchAdd(size: AtomicSize, dst: R, offset: number, src: R): this {
    return this.atomic(size, ALU.add | ATOMIC.fetch, dst, offset, src)
  }
  atomicFetchOr(size: AtomicSize, dst: R, offset: number, src: R): this {
    return this.atomic(size, ALU.or | ATOMIC.fetch, dst, offset, src)
  }
  atomicFetchAnd(size: AtomicSize, dst: R, offset: number, src: R): this {
    return this.atomic(size, ALU.and | ATOMIC.fetch, dst, offset, src)
  }
  atomicFetchXor(size: AtomicSize, dst: R, offset: number, src: R): this {
    return this.atomic(size, ALU.xor | ATOMIC.fetch, dst, offset, src)
  }
  /** Exchanges memory and `src`. */
  atomicXchg(size: AtomicSize, dst: R, offset: number, src: R): this {
    return this.atomic(size, ATOMIC.xchg, dst, offset, src)
  }
  /** Stores `src` if memory equals R0; R0 gets the old value. */
  atomicCmpxchg(size: AtomicSize, dst: R, offset: number, src: R): this {
    return this.atomic(size, ATOMIC.cmpxchg, dst, offset, src)
  }

  // 64-bit constants, and what the kernel turns into an address when it loads the program.

  ldImm64(dst: R, value: bigint): this {
    return this.wide(
      dst,
      0,
      Number(BigInt.asIntN(32, value)),
      Number(BigInt.asIntN(64, value) >> 32n),
    )
  }
  /** The map itself, for helpers that take one. */
  ldMapFd(dst: R, mapFd: number): this {
    return this.wide(dst, PSEUDO.mapFd, mapFd, 0)
  }
  /** The address of the first value of an array map, plus an offset. */
  ldMapValue(dst: R, mapFd: number, offset = 0): this {
    return this.wide(dst, PSEUDO.mapValue, mapFd, offset)
  }
  /** The address of a variable of the kernel by the id of its VAR in vmlinux's BTF. */
  ldBtfId(dst: R, btfId: number): this {
    return this.wide(dst, PSEUDO.btfId, btfId, 0)
  }
  /**
   * A function of this program, for helpers that take a callback (Linux 5.13). Its label must be an
   * identifier of C.
   */
  ldFunc(dst: R, label: string): this {
    return this.refer(label, 'address', {
      opcode: LD_IMM64,
      dst: dst.number,
      src: PSEUDO.func,
    }).emit({})
  }

  // Jumps; a jump with a W register compares the low 32 bits.

  ja(label: string): this {
    return this.refer(label, 'jump', { opcode: CLASS.JMP | JUMP.ja })
  }
  /** A jump that may be farther than 32767 instructions (Linux 6.6). */
  gotol(label: string): this {
    return this.refer(label, 'long jump', { opcode: CLASS.JMP32 | JUMP.ja })
  }
  /** Goes on, but jumps once that has been done some 8 million times: bounds a loop (Linux 6.9). */
  mayGoto(label: string): this {
    return this.refer(label, 'jump', { opcode: CLASS.JMP | JUMP.jcond })
  }
  jeq<B extends Bits>(dst: Register<B>, operand: Operand<B>, label: string): this {
    return this.compare(JUMP.jeq, dst, operand, label)
  }
  jne<B extends Bits>(dst: Register<B>, operand: Operand<B>, label: string): this {
    return this.compare(JUMP.jne, dst, operand, label)
  }
  /** If any of the operand's bits is set. */
  jset<B extends Bits>(dst: Register<B>, operand: Operand<B>, label: string): this {
    return this.compare(JUMP.jset, dst, operand, label)
  }
  jgt<B extends Bits>(dst: Register<B>, operand: Operand<B>, label: string): this {
    return this.compare(JUMP.jgt, dst, operand, label)
  }
  jge<B extends Bits>(dst: Register<B>, operand: Operand<B>, label: string): this {
    return this.compare(JUMP.jge, dst, operand, label)
  }
  jlt<B extends Bits>(dst: Register<B>, operand: Operand<B>, label: string): this {
    return this.compare(JUMP.jlt, dst, operand, label)
  }
  jle<B extends Bits>(dst: Register<B>, operand: Operand<B>, label: string): this {
    return this.compare(JUMP.jle, dst, operand, label)
  }
  /** Signed; so are the other three with `s`. */
  jsgt<B extends Bits>(dst: Register<B>, operand: Operand<B>, label: string): this {
    return this.compare(JUMP.jsgt, dst, operand, label)
  }
  jsge<B extends Bits>(dst: Register<B>, operand: Operand<B>, label: string): this {
    return this.compare(JUMP.jsge, dst, operand, label)
  }
  jslt<B extends Bits>(dst: Register<B>, operand: Operand<B>, label: string): this {
    return this.compare(JUMP.jslt, dst, operand, label)
  }
  jsle<B extends Bits>(dst: Register<B>, operand: Operand<B>, label: string): this {
    return this.compare(JUMP.jsle, dst, operand, label)
  }

  // Calls: arguments in R1 to R5, the result in R0.

  /** Calls one of HELPERS. */
  call(helper: number): this {
    return this.emit({ opcode: CLASS.JMP | JUMP.call, src: CALL.helper, imm: helper })
  }
  /** Calls a function of the kernel by the id of its FUNC in vmlinux's BTF (Linux 5.13). */
  callKfunc(btfId: number): this {
    return this.emit({ opcode: CLASS.JMP | JUMP.call, src: CALL.kfunc, imm: btfId })
  }
  /** Calls a function of this program. */
  callLocal(label: string): this {
    return this.refer(label, 'call', { opcode: CLASS.JMP | JUMP.call, src: CALL.local })
  }
  exit(): this {
    return this.emit({ opcode: CLASS.JMP | JUMP.exit })
  }

  /** The program in the verifier's notation, a line per instruction. */
  override toString(): string {
    return print(this.assemble().instructions)
  }

  private alu<B extends Bits>(
    operation: number,
    dst: Register<B>,
    operand: Operand<B>,
    offset = 0,
  ): this {
    const opcode = aluClass(dst) | operation
    return this.emit(withOperand({ opcode, dst: dst.number, offset }, operand))
  }

  private compare<B extends Bits>(
    condition: number,
    dst: Register<B>,
    operand: Operand<B>,
    label: string,
  ): this {
    const opcode = (dst.bits === 64 ? CLASS.JMP : CLASS.JMP32) | condition
    return this.refer(label, 'jump', withOperand({ opcode, dst: dst.number }, operand))
  }

  private atomic(size: AtomicSize, operation: number, dst: R, offset: number, src: R): this {
    const opcode = CLASS.STX | MODE.atomic | SIZE[size]
    return this.emit({ opcode, dst: dst.number, src: src.number, offset, imm: operation })
  }

  private wide(dst: R, kind: number, low: number, high: number): this {
    return this.emit({ opcode: LD_IMM64, dst: dst.number, src: kind, imm: low }).emit({ imm: high })
  }
}

function aluClass(dst: Register<Bits>): number {
  return dst.bits === 64 ? CLASS.ALU64 : CLASS.ALU
}

interface Unary {
  readonly opcode: number
  readonly dst: number
  readonly offset?: number
}

function withOperand(instruction: Unary, operand: Operand<Bits>): Partial<Instruction> {
  if (typeof operand === 'number') return { ...instruction, imm: operand }
  return { ...instruction, opcode: instruction.opcode | SOURCE_REGISTER, src: operand.number }
}
