import { UsageError } from '../errors.js'
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
import { R0, type Register } from './registers.js'

/** Sizes of memory that is accessed; `s8`, `s16` and `s32` extend the sign (Linux 6.6). */
export type Size = keyof typeof SIZE
export type SignedSize = 's8' | 's16' | 's32'

/** Sizes of atomic operations. */
export type AtomicSize = 'u32' | 'u64'

/** A register, or an immediate value of 32 bits, which 64-bit operations extend with its sign. */
export type Operand = Register | number

/** A function within a program: where it starts, counted in instructions. */
export interface Subprogram {
  readonly name: string
  readonly start: number
}

/** What an assembler makes. */
export interface Code {
  readonly instructions: readonly Instruction[]
  /** All functions in order, `main` at 0 first. */
  readonly subprograms: readonly Subprogram[]
  /** Whether a function's address is taken; the kernel then wants BTF of all functions. */
  readonly takesFunctionAddress: boolean
}

/** An instruction whose jump distance is not known yet. */
interface Fixup {
  readonly index: number
  readonly label: string
  readonly field: 'offset' | 'imm'
}

const MAIN = 'main'

/**
 * Assembles a BPF program. Each method appends an instruction; jumps and calls name labels, before
 * or after the place where {@link label} puts them.
 */
export class Assembler {
  private readonly instructions: Instruction[] = []
  private readonly labels = new Map<string, number>()
  private readonly fixups: Fixup[] = []
  private readonly subprogramLabels = new Set<string>()
  private takesFunctionAddress = false

  /** Names the next instruction. */
  label(name: string): this {
    if (this.labels.has(name)) throw new UsageError(`label ${name}`, 'it is defined twice')
    this.labels.set(name, this.instructions.length)
    return this
  }

  // Arithmetic on 64 bits.

  add(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU64, ALU.add, dst, operand)
  }
  sub(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU64, ALU.sub, dst, operand)
  }
  mul(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU64, ALU.mul, dst, operand)
  }
  /** Unsigned; division by zero gives 0. */
  div(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU64, ALU.div, dst, operand)
  }
  /** Unsigned; modulo zero leaves `dst` as it is. */
  mod(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU64, ALU.mod, dst, operand)
  }
  /** Signed (Linux 6.6). */
  sdiv(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU64, ALU.div, dst, operand, 1)
  }
  /** Signed (Linux 6.6). */
  smod(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU64, ALU.mod, dst, operand, 1)
  }
  or(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU64, ALU.or, dst, operand)
  }
  and(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU64, ALU.and, dst, operand)
  }
  xor(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU64, ALU.xor, dst, operand)
  }
  lsh(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU64, ALU.lsh, dst, operand)
  }
  rsh(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU64, ALU.rsh, dst, operand)
  }
  /** Shifts right and keeps the sign. */
  arsh(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU64, ALU.arsh, dst, operand)
  }
  mov(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU64, ALU.mov, dst, operand)
  }
  /** Copies the low bits and extends their sign (Linux 6.6). */
  movsx(dst: Register, src: Register, bits: 8 | 16 | 32): this {
    return this.alu(CLASS.ALU64, ALU.mov, dst, src, bits)
  }
  neg(dst: Register): this {
    return this.emit(CLASS.ALU64 | ALU.neg, { dst })
  }

  // Arithmetic on the low 32 bits; the high ones become 0.

  add32(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU, ALU.add, dst, operand)
  }
  sub32(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU, ALU.sub, dst, operand)
  }
  mul32(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU, ALU.mul, dst, operand)
  }
  div32(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU, ALU.div, dst, operand)
  }
  mod32(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU, ALU.mod, dst, operand)
  }
  sdiv32(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU, ALU.div, dst, operand, 1)
  }
  smod32(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU, ALU.mod, dst, operand, 1)
  }
  or32(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU, ALU.or, dst, operand)
  }
  and32(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU, ALU.and, dst, operand)
  }
  xor32(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU, ALU.xor, dst, operand)
  }
  lsh32(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU, ALU.lsh, dst, operand)
  }
  rsh32(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU, ALU.rsh, dst, operand)
  }
  arsh32(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU, ALU.arsh, dst, operand)
  }
  mov32(dst: Register, operand: Operand): this {
    return this.alu(CLASS.ALU, ALU.mov, dst, operand)
  }
  movsx32(dst: Register, src: Register, bits: 8 | 16): this {
    return this.alu(CLASS.ALU, ALU.mov, dst, src, bits)
  }
  neg32(dst: Register): this {
    return this.emit(CLASS.ALU | ALU.neg, { dst })
  }

  // Byte order.

  /** Converts between the machine's byte order and little-endian. */
  le(dst: Register, bits: 16 | 32 | 64): this {
    return this.emit(CLASS.ALU | ALU.end, { dst, imm: bits })
  }
  /** Converts between the machine's byte order and big-endian. */
  be(dst: Register, bits: 16 | 32 | 64): this {
    return this.emit(CLASS.ALU | ALU.end | SOURCE_REGISTER, { dst, imm: bits })
  }
  /** Reverses the bytes (Linux 6.6). */
  bswap(dst: Register, bits: 16 | 32 | 64): this {
    return this.emit(CLASS.ALU64 | ALU.end, { dst, imm: bits })
  }

  // Memory.

  /** `dst = *(size *)(src + offset)` */
  load(size: Size | SignedSize, dst: Register, src: Register, offset = 0): this {
    const opcode = isSigned(size)
      ? CLASS.LDX | MODE.memsx | SIZE[UNSIGNED[size]]
      : CLASS.LDX | MODE.mem | SIZE[size]
    return this.emit(opcode, { dst, src, offset })
  }
  /** `*(size *)(dst + offset) = operand` */
  store(size: Size, dst: Register, offset: number, operand: Operand): this {
    if (typeof operand === 'number') {
      return this.emit(CLASS.ST | MODE.mem | SIZE[size], { dst, offset, imm: operand })
    }
    return this.emit(CLASS.STX | MODE.mem | SIZE[size], { dst, src: operand, offset })
  }

  // Atomic operations on memory (those other than atomicAdd: Linux 5.12).

  atomicAdd(size: AtomicSize, dst: Register, offset: number, src: Register): this {
    return this.atomic(size, ALU.add, dst, offset, src)
  }
  atomicOr(size: AtomicSize, dst: Register, offset: number, src: Register): this {
    return this.atomic(size, ALU.or, dst, offset, src)
  }
  atomicAnd(size: AtomicSize, dst: Register, offset: number, src: Register): this {
    return this.atomic(size, ALU.and, dst, offset, src)
  }
  atomicXor(size: AtomicSize, dst: Register, offset: number, src: Register): this {
    return this.atomic(size, ALU.xor, dst, offset, src)
  }
  /** `src` gets the old value; so in the other methods with `Fetch`. */
  atomicFetchAdd(size: AtomicSize, dst: Register, offset: number, src: Register): this {
    return this.atomic(size, ALU.add | ATOMIC.fetch, dst, offset, src)
  }
  atomicFetchOr(size: AtomicSize, dst: Register, offset: number, src: Register): this {
    return this.atomic(size, ALU.or | ATOMIC.fetch, dst, offset, src)
  }
  atomicFetchAnd(size: AtomicSize, dst: Register, offset: number, src: Register): this {
    return this.atomic(size, ALU.and | ATOMIC.fetch, dst, offset, src)
  }
  atomicFetchXor(size: AtomicSize, dst: Register, offset: number, src: Register): this {
    return this.atomic(size, ALU.xor | ATOMIC.fetch, dst, offset, src)
  }
  /** Exchanges memory and `src`. */
  atomicXchg(size: AtomicSize, dst: Register, offset: number, src: Register): this {
    return this.atomic(size, ATOMIC.xchg | ATOMIC.fetch, dst, offset, src)
  }
  /** Stores `src` if memory equals R0; R0 gets the old value. */
  atomicCmpxchg(size: AtomicSize, dst: Register, offset: number, src: Register): this {
    return this.atomic(size, ATOMIC.cmpxchg | ATOMIC.fetch, dst, offset, src)
  }

  // 64-bit constants and what the kernel resolves to an address when it loads the program.

  ldImm64(dst: Register, value: bigint): this {
    const low = Number(BigInt.asIntN(32, value))
    const high = Number(BigInt.asIntN(32, value >> 32n))
    return this.wide(dst, 0, low, high)
  }
  /** The map itself, for helpers that take one. */
  ldMapFd(dst: Register, mapFd: number): this {
    return this.wide(dst, PSEUDO.mapFd, mapFd, 0)
  }
  /** The address of the first value of an array map, plus an offset (Linux 5.2). */
  ldMapValue(dst: Register, mapFd: number, offset = 0): this {
    return this.wide(dst, PSEUDO.mapValue, mapFd, offset)
  }
  /** The address of a variable of the kernel, or of a module given the fd of its BTF. */
  ldBtfId(dst: Register, btfId: number, btfFd = 0): this {
    return this.wide(dst, PSEUDO.btfId, btfId, btfFd)
  }
  /** A function of this program, for helpers that take a callback (Linux 5.13). */
  ldFunc(dst: Register, label: string): this {
    this.subprogramLabels.add(label)
    this.takesFunctionAddress = true
    this.fix(label, 'imm')
    return this.wide(dst, PSEUDO.func, 0, 0)
  }

  // Jumps. Conditional ones compare 64 bits.

  ja(label: string): this {
    return this.jump(CLASS.JMP | JUMP.ja, label)
  }
  /** A jump farther than 32767 instructions (Linux 6.6). */
  gotol(label: string): this {
    this.fix(label, 'imm')
    return this.emit(CLASS.JMP32 | JUMP.ja)
  }
  /** Goes on at most some 8 million times, then jumps: bounds a loop (Linux 6.10). */
  mayGoto(label: string): this {
    return this.jump(CLASS.JMP | JUMP.jcond, label)
  }
  jeq(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP, JUMP.jeq, dst, operand, label)
  }
  jne(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP, JUMP.jne, dst, operand, label)
  }
  /** If any of the operand's bits is set. */
  jset(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP, JUMP.jset, dst, operand, label)
  }
  jgt(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP, JUMP.jgt, dst, operand, label)
  }
  jge(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP, JUMP.jge, dst, operand, label)
  }
  jlt(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP, JUMP.jlt, dst, operand, label)
  }
  jle(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP, JUMP.jle, dst, operand, label)
  }
  /** Signed; so are the other three with `s`. */
  jsgt(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP, JUMP.jsgt, dst, operand, label)
  }
  jsge(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP, JUMP.jsge, dst, operand, label)
  }
  jslt(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP, JUMP.jslt, dst, operand, label)
  }
  jsle(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP, JUMP.jsle, dst, operand, label)
  }

  // Jumps that compare the low 32 bits.

  jeq32(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP32, JUMP.jeq, dst, operand, label)
  }
  jne32(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP32, JUMP.jne, dst, operand, label)
  }
  jset32(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP32, JUMP.jset, dst, operand, label)
  }
  jgt32(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP32, JUMP.jgt, dst, operand, label)
  }
  jge32(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP32, JUMP.jge, dst, operand, label)
  }
  jlt32(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP32, JUMP.jlt, dst, operand, label)
  }
  jle32(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP32, JUMP.jle, dst, operand, label)
  }
  jsgt32(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP32, JUMP.jsgt, dst, operand, label)
  }
  jsge32(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP32, JUMP.jsge, dst, operand, label)
  }
  jslt32(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP32, JUMP.jslt, dst, operand, label)
  }
  jsle32(dst: Register, operand: Operand, label: string): this {
    return this.compare(CLASS.JMP32, JUMP.jsle, dst, operand, label)
  }

  // Calls: arguments in R1 to R5, the result in R0.

  /** Calls one of HELPERS. */
  call(helper: number): this {
    return this.emit(CLASS.JMP | JUMP.call, { imm: helper })
  }
  /** Calls a function of the kernel by the id of its FUNC in vmlinux's BTF (Linux 5.13). */
  callKfunc(btfId: number): this {
    return this.emit(CLASS.JMP | JUMP.call, { srcBits: CALL.kfunc, imm: btfId })
  }
  /** Calls a function of this program. */
  callLocal(label: string): this {
    this.subprogramLabels.add(label)
    this.fix(label, 'imm')
    return this.emit(CLASS.JMP | JUMP.call, { srcBits: CALL.local })
  }
  exit(): this {
    return this.emit(CLASS.JMP | JUMP.exit)
  }

  /** Resolves the labels. Throws {@link UsageError} for one that is not defined or too far away. */
  assemble(): Code {
    const instructions = [...this.instructions]
    for (const { index, label, field } of this.fixups) {
      const distance = this.position(label) - index - 1
      if (field === 'offset') checkRange(`jump to ${label}`, distance, 16)
      instructions[index] = { ...instructions[index]!, [field]: distance }
    }
    const subprograms = [{ name: MAIN, start: 0 }]
    for (const name of this.subprogramLabels) subprograms.push({ name, start: this.position(name) })
    subprograms.sort((a, b) => a.start - b.start)
    return { instructions, subprograms, takesFunctionAddress: this.takesFunctionAddress }
  }

  private position(label: string): number {
    const position = this.labels.get(label)
    if (position === undefined) throw new UsageError(`label ${label}`, 'it is not defined')
    return position
  }

  private fix(label: string, field: 'offset' | 'imm'): void {
    this.fixups.push({ index: this.instructions.length, label, field })
  }

  private alu(kind: number, operation: number, dst: Register, operand: Operand, offset = 0): this {
    if (typeof operand === 'number') {
      return this.emit(kind | operation, { dst, offset, imm: operand })
    }
    return this.emit(kind | operation | SOURCE_REGISTER, { dst, src: operand, offset })
  }

  private compare(
    kind: number,
    condition: number,
    dst: Register,
    operand: Operand,
    label: string,
  ): this {
    if (typeof operand === 'number')
      return this.jump(kind | condition, label, { dst, imm: operand })
    return this.jump(kind | condition | SOURCE_REGISTER, label, { dst, src: operand })
  }

  private jump(opcode: number, label: string, fields: Fields = {}): this {
    this.fix(label, 'offset')
    return this.emit(opcode, fields)
  }

  private atomic(
    size: AtomicSize,
    operation: number,
    dst: Register,
    offset: number,
    src: Register,
  ): this {
    const opcode = CLASS.STX | MODE.atomic | SIZE[size]
    return this.emit(opcode, { dst, src, offset, imm: operation })
  }

  private wide(dst: Register, kind: number, low: number, high: number): this {
    this.emit(LD_IMM64, { dst, srcBits: kind, imm: low })
    return this.emit(0, { imm: high })
  }

  private emit(opcode: number, fields: Fields = {}): this {
    const { dst = R0, src = R0, srcBits = src.number, offset = 0, imm = 0 } = fields
    checkRange('offset', offset, 16)
    checkRange('immediate value', imm, 32)
    this.instructions.push({ opcode, dst: dst.number, src: srcBits, offset, imm: imm | 0 })
    return this
  }
}

interface Fields {
  readonly dst?: Register
  readonly src?: Register
  /** The source field where it does not hold a register. */
  readonly srcBits?: number
  readonly offset?: number
  readonly imm?: number
}

const UNSIGNED = { s8: 'u8', s16: 'u16', s32: 'u32' } as const

function isSigned(size: Size | SignedSize): size is SignedSize {
  return size in UNSIGNED
}

function checkRange(what: string, value: number, bits: 16 | 32): void {
  const limit = 2 ** (bits - 1)
  if (Number.isInteger(value) && value >= -limit && value < limit) return
  throw new UsageError(`${what} ${value}`, `it does not fit into ${bits} bits with a sign`)
}
