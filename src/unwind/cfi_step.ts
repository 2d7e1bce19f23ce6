import { KsightError } from '../errors.js'
import { type ExpressionContext, evaluate } from './cfi/expression.js'
import type { RegisterRule, Row } from './cfi/rules.js'
import type { Registers } from './registers.js'
import type { WordReader } from './word_reader.js'

/** What a row of call frame information makes of a frame. */
export interface CfiStep {
  readonly cfa: bigint
  /** The caller's registers; undefined if the frame has no caller. */
  readonly caller: Registers | undefined
  /** Whether nothing was used that a call may have overwritten. */
  readonly certain: boolean
}

/** Applies a row of a file at a load bias to a frame's registers. Throws {@link KsightError} for what cannot be found out. */
export function stepByRow(row: Row, bias: bigint, callee: Registers, words: WordReader): CfiStep {
  return new RowStep(row, bias, callee, words).run()
}

class RowStep implements ExpressionContext {
  readonly addressSize = 8
  readonly littleEndian = true
  cfa: bigint | undefined
  private certain = true

  constructor(
    private readonly row: Row,
    readonly bias: bigint,
    private readonly callee: Registers,
    private readonly words: WordReader,
  ) {}

  run(): CfiStep {
    const { row, callee } = this
    const cfa = this.findCfa()
    this.cfa = cfa
    const caller = callee.copy()
    // A signal trampoline was not called, so that what it does not say is not known to be lost.
    if (!row.signalFrame) caller.crossCall()
    caller.set(callee.machine.stackPointer, cfa)
    for (const [register, rule] of row.rules) {
      if (register !== row.returnRegister) this.apply(caller, register, rule)
    }
    const pc = this.returnAddress(caller)
    if (pc === undefined) return { cfa, caller: undefined, certain: this.certain }
    caller.pc = pc
    return { cfa, caller, certain: this.certain }
  }

  register(number: number): bigint {
    const value = this.callee.get(number)
    if (value === undefined) {
      const name = this.callee.machine.registers[number] ?? `number ${number}`
      throw new KsightError(
        `cannot follow register ${name}`,
        'its value is not known in this frame',
      )
    }
    if (!this.callee.isCertain(number)) this.certain = false
    return value
  }

  load(address: bigint, size: number): bigint {
    return this.words.load(address, size)
  }

  private findCfa(): bigint {
    const { cfa } = this.row
    if (cfa === undefined) {
      throw new KsightError(
        'cannot tell where the frame is',
        'the file does not say it for this code',
      )
    }
    if (cfa.kind === 'expression') return evaluate(cfa.expression, this)
    return wrap(this.register(cfa.register) + BigInt(cfa.offset))
  }

  private apply(caller: Registers, register: number, rule: RegisterRule): void {
    const value = this.follow(register, rule)
    if (value === undefined) caller.forget(register)
    else caller.set(register, value, rule.kind !== 'same_value' || this.callee.isCertain(register))
  }

  /** What a rule gives; undefined for a value that is lost. */
  private follow(register: number, rule: RegisterRule): bigint | undefined {
    switch (rule.kind) {
      case 'undefined':
        return undefined
      case 'same_value':
        return this.callee.get(register)
      case 'offset':
        return this.load(wrap(this.cfa! + BigInt(rule.offset)), this.addressSize)
      case 'val_offset':
        return wrap(this.cfa! + BigInt(rule.offset))
      case 'register':
        return this.register(rule.register)
      case 'expression':
        return this.load(evaluate(rule.expression, this, [this.cfa!]), this.addressSize)
      case 'val_expression':
        return evaluate(rule.expression, this, [this.cfa!])
    }
  }

  /** Undefined where the file says that there is none. */
  private returnAddress(caller: Registers): bigint | undefined {
    const { returnRegister, signed } = this.row
    const { machine } = this.callee
    const rule = this.row.rules.find(([register]) => register === returnRegister)?.[1]
    if (rule?.kind === 'undefined') return undefined
    const value =
      rule === undefined ? this.register(returnRegister) : this.follow(returnRegister, rule)
    if (value === undefined) return undefined
    const pc = signed ? value & machine.codeAddressMask : value
    caller.set(returnRegister, pc, false)
    return pc
  }
}

function wrap(address: bigint): bigint {
  return BigInt.asUintN(64, address)
}
