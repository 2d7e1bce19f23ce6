import { KsightError } from '../../errors.js'
import { Cursor } from './cursor.js'
import type { FrameSection } from './frame_section.js'

/** What an expression may look at. Both throw a {@link KsightError} for what is not known. */
export interface ExpressionContext {
  readonly addressSize: 4 | 8
  readonly littleEndian: boolean
  /** The value of a register, by its DWARF number. */
  register(number: number): bigint
  /** An unsigned number of 1, 2, 4 or 8 bytes in memory. */
  load(address: bigint, size: number): bigint
  /** What is added to addresses of the file: the load bias. */
  readonly bias: bigint
  /** The canonical frame address, where it is known already. */
  readonly cfa: bigint | undefined
}

type Binary = (a: bigint, b: bigint) => bigint | undefined

/** Of a signed operand. */
const UNARY: Record<number, (a: bigint) => bigint> = {
  25: (a) => (a < 0n ? -a : a), // DW_OP_abs
  31: (a) => -a, // DW_OP_neg
  32: (a) => ~a, // DW_OP_not
}

/** Of unsigned operands: `a` was pushed before `b`. */
const BINARY: Record<number, Binary> = {
  26: (a, b) => a & b, // DW_OP_and
  28: (a, b) => a - b, // DW_OP_minus
  29: (a, b) => (b === 0n ? undefined : a % b), // DW_OP_mod
  30: (a, b) => a * b, // DW_OP_mul
  33: (a, b) => a | b, // DW_OP_or
  34: (a, b) => a + b, // DW_OP_plus
  39: (a, b) => a ^ b, // DW_OP_xor
}

/** Of signed operands. */
const SIGNED: Record<number, Binary> = {
  27: (a, b) => (b === 0n ? undefined : a / b), // DW_OP_div
  41: (a, b) => BigInt(a === b), // DW_OP_eq
  42: (a, b) => BigInt(a >= b), // DW_OP_ge
  43: (a, b) => BigInt(a > b), // DW_OP_gt
  44: (a, b) => BigInt(a <= b), // DW_OP_le
  45: (a, b) => BigInt(a < b), // DW_OP_lt
  46: (a, b) => BigInt(a !== b), // DW_OP_ne
}

const DW_OP_nop = 0x96

const MAX_STACK = 256
/** Branches may go back; no known expression takes a hundredth of this. */
const MAX_STEPS = 10_000

/**
 * Evaluates a DWARF expression (DWARF 5, section 2.5) over a stack that holds `initial`. As unwinders
 * do, it takes DW_OP_reg* for the value of a register: a frame has no use for its name.
 */
export function evaluate(
  expression: Uint8Array,
  context: ExpressionContext,
  initial: readonly bigint[] = [],
): bigint {
  return new ExpressionMachine(expression, context, initial).run()
}

class ExpressionMachine {
  private readonly cursor: Cursor
  private readonly stack: bigint[]
  private readonly bits: number

  constructor(
    bytes: Uint8Array,
    private readonly context: ExpressionContext,
    initial: readonly bigint[],
  ) {
    const section: FrameSection = { name: 'a DWARF expression', bytes, address: 0n, ...context }
    this.cursor = new Cursor(section, 0)
    this.stack = [...initial]
    this.bits = 8 * context.addressSize
  }

  run(): bigint {
    for (let steps = 0; !this.cursor.done; steps++) {
      if (steps === MAX_STEPS) throw this.failed(`it is not done after ${MAX_STEPS} operations`)
      this.step(this.cursor.u8())
    }
    return this.pop()
  }

  private step(op: number): void {
    const { cursor, context } = this
    if (op === 0x28 || op === 0x2f) this.branch(op)
    else if (op >= 0x30 && op <= 0x4f)
      this.push(BigInt(op - 0x30)) // DW_OP_lit*
    else if (op >= 0x50 && op <= 0x6f)
      this.push(context.register(op - 0x50)) // DW_OP_reg*
    else if (op >= 0x70 && op <= 0x8f)
      this.push(context.register(op - 0x70) + cursor.sleb64()) // DW_OP_breg*
    else if (op >= 0x08 && op <= 0x11) this.push(this.constant(op))
    else if (op >= 0x12 && op <= 0x17) this.arrange(op)
    else if (op >= 0x24 && op <= 0x26) this.shift(op)
    else if (UNARY[op] !== undefined) this.push(UNARY[op](this.signed(this.pop())))
    else if (BINARY[op] !== undefined) this.binary(BINARY[op])
    else if (SIGNED[op] !== undefined) this.binary(SIGNED[op], true)
    else if (op !== DW_OP_nop) this.push(this.loaded(op))
  }

  /** What a single operation pushes. */
  private loaded(op: number): bigint {
    const { cursor, context } = this
    switch (op) {
      case 0x03: // DW_OP_addr
        return cursor.word() + context.bias
      case 0x06: // DW_OP_deref
        return context.load(this.pop(), context.addressSize)
      case 0x23: // DW_OP_plus_uconst
        return this.pop() + cursor.uleb64()
      case 0x90: // DW_OP_regx
        return context.register(cursor.uleb())
      case 0x92: // DW_OP_bregx
        return context.register(cursor.uleb()) + cursor.sleb64()
      case 0x94: // DW_OP_deref_size
        return context.load(this.pop(), this.size(cursor.u8()))
      case 0x9c: // DW_OP_call_frame_cfa
        if (context.cfa === undefined) throw this.failed('it asks for the CFA, which it is to give')
        return context.cfa
      default:
        throw this.failed(`operation 0x${op.toString(16)} has no meaning for a frame`)
    }
  }

  private constant(op: number): bigint {
    const { cursor } = this
    switch (op) {
      case 0x08:
        return BigInt(cursor.u8())
      case 0x09:
        return BigInt(cursor.i8())
      case 0x0a:
        return BigInt(cursor.u16())
      case 0x0b:
        return BigInt(cursor.i16())
      case 0x0c:
        return BigInt(cursor.u32())
      case 0x0d:
        return BigInt(cursor.i32())
      case 0x0e:
        return cursor.u64()
      case 0x0f:
        return cursor.i64()
      case 0x10:
        return cursor.uleb64()
      default:
        return cursor.sleb64()
    }
  }

  /** DW_OP_dup, DW_OP_over and DW_OP_pick copy; the others move what is on the stack. */
  private arrange(op: number): void {
    if (op === 0x12) this.push(this.peek(0))
    else if (op === 0x14) this.push(this.peek(1))
    else if (op === 0x15) this.push(this.peek(this.cursor.u8()))
    else this.move(op)
  }

  private move(op: number): void {
    const first = this.pop()
    if (op === 0x13) return // DW_OP_drop
    const second = this.pop()
    // DW_OP_swap; DW_OP_rot puts the first below the third.
    const third = op === 0x17 ? [this.pop()] : []
    this.stack.push(first, ...third, second)
  }

  private binary(operation: Binary, signed = false): void {
    const b = this.pop()
    const a = this.pop()
    const result = signed ? operation(this.signed(a), this.signed(b)) : operation(a, b)
    if (result === undefined) throw this.failed('it divides by zero')
    this.push(result)
  }

  /** DW_OP_shl, DW_OP_shr and DW_OP_shra; by as many bits as a value has at most. */
  private shift(op: number): void {
    const distance = this.pop()
    const a = this.pop()
    const by = distance < this.bits ? distance : BigInt(this.bits)
    if (op === 0x24) this.push(a << by)
    else this.push((op === 0x25 ? a : this.signed(a)) >> by)
  }

  /** DW_OP_bra, if what it pops is not zero, and DW_OP_skip. */
  private branch(op: number): void {
    const distance = this.cursor.i16()
    if (op === 0x28 && this.pop() === 0n) return
    const target = this.cursor.at + distance
    if (target < 0 || target > this.cursor.end) throw this.failed('a branch leaves it')
    this.cursor.at = target
  }

  private size(size: number): number {
    if (size === 1 || size === 2 || size === 4 || size === this.context.addressSize) return size
    throw this.failed(`it loads a number of ${size} bytes`)
  }

  private signed(value: bigint): bigint {
    return BigInt.asIntN(this.bits, value)
  }

  private push(value: bigint): void {
    if (this.stack.length === MAX_STACK) throw this.failed(`its stack exceeds ${MAX_STACK} values`)
    this.stack.push(BigInt.asUintN(this.bits, value))
  }

  private pop(): bigint {
    const value = this.stack.pop()
    if (value === undefined) throw this.failed('its stack is empty')
    return value
  }

  private peek(depth: number): bigint {
    const value = this.stack[this.stack.length - 1 - depth]
    if (value === undefined) throw this.failed('its stack is too short')
    return value
  }

  private failed(why: string): KsightError {
    return new KsightError('cannot evaluate a DWARF expression', why)
  }
}
