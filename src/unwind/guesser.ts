import { FaultError } from '../errors.js'
import type { FindModule } from './module.js'
import type { Registers } from './registers.js'
import type { FoundBy } from './unwind.js'
import type { WordReader } from './word_reader.js'

/** A caller found without call frame information. */
export interface Guess {
  readonly cfa: bigint
  /** Undefined if the frame is the outermost one. */
  readonly caller: Registers | undefined
  readonly how: FoundBy
  /** Whether all signs speak for it. */
  readonly certain: boolean
}

const WORD = 8

/** How many words of a stack are searched for a return address, from the stack pointer on. */
const SCANNED_WORDS = 128

/** Finds callers where no file says how, from conventions and from what lies on the stack. */
export class Guesser {
  constructor(
    private readonly words: WordReader,
    private readonly findModule: FindModule,
  ) {}

  /**
   * The caller of code that nothing describes. Where the code was interrupted (`exact`), its frame may
   * be half made, so that no guess is certain.
   */
  ofUnknownCode(registers: Registers, exact: boolean): Guess | undefined {
    return this.byFramePointer(registers, exact) ?? this.byScan(registers)
  }

  /** The caller of what is no code: a call through a bad pointer, which has not done anything yet. */
  ofNoCode(registers: Registers): Guess | undefined {
    const { machine, stackPointer } = registers
    if (stackPointer === undefined) return undefined
    const inRegister = machine.linkRegister !== undefined
    const pc = inRegister ? registers.get(machine.linkRegister) : this.word(stackPointer)
    if (pc === undefined || !this.followsCall(registers, pc)) return undefined
    const cfa = inRegister ? stackPointer : stackPointer + BigInt(WORD)
    return { cfa, caller: callerAt(registers, pc, cfa), how: 'return address', certain: false }
  }

  private byFramePointer(registers: Registers, exact: boolean): Guess | undefined {
    const { machine, framePointer: fp, stackPointer: sp } = registers
    const record = machine.frameRecord
    if (fp === undefined || sp === undefined || fp < sp || fp % BigInt(WORD) !== 0n)
      return undefined
    const saved = this.word(fp + BigInt(record.framePointer))
    const pc = this.word(fp + BigInt(record.returnAddress))
    if (saved === undefined || pc === undefined) return undefined
    const kept = !exact && registers.isCertain(machine.framePointer)
    const cfa = fp + BigInt(record.size)
    if (pc === 0n && saved === 0n) {
      return { cfa, caller: undefined, how: 'frame pointer', certain: kept }
    }
    // Runtimes put other places into a frame than a call would have, to go on there.
    if (!this.isCode(registers, pc)) return undefined
    const certain = kept && this.followsCall(registers, pc)
    const caller = callerAt(registers, pc, cfa)
    caller.set(machine.framePointer, saved, certain)
    return { cfa, caller, how: 'frame pointer', certain }
  }

  private byScan(registers: Registers): Guess | undefined {
    const start = registers.stackPointer
    if (start === undefined || start % BigInt(WORD) !== 0n) return undefined
    for (let i = 0; i < SCANNED_WORDS; i++) {
      const at = start + BigInt(i * WORD)
      const pc = this.word(at)
      if (pc === undefined) return undefined
      if (!this.followsCall(registers, pc)) continue
      const cfa = at + BigInt(WORD)
      return { cfa, caller: callerAt(registers, pc, cfa), how: 'scan', certain: false }
    }
    return undefined
  }

  private isCode({ machine }: Registers, address: bigint): boolean {
    const pc = address & machine.codeAddressMask
    return pc >= BigInt(machine.longestCall) && this.findModule(pc - 1n) !== undefined
  }

  /** Whether code is at an address, and a call before it. */
  private followsCall(registers: Registers, address: bigint): boolean {
    const { machine } = registers
    if (!this.isCode(registers, address)) return false
    const pc = address & machine.codeAddressMask
    const bytes = new Uint8Array(machine.longestCall)
    for (let i = 0; i < bytes.length; i++) {
      const byte = this.load(pc - BigInt(bytes.length - i), 1)
      if (byte !== undefined) bytes[i] = Number(byte)
    }
    return machine.isCall(bytes)
  }

  private word(address: bigint): bigint | undefined {
    return this.load(address, WORD)
  }

  /** Undefined for memory that cannot be read. */
  private load(address: bigint, size: number): bigint | undefined {
    try {
      return this.words.load(address, size)
    } catch (error) {
      if (error instanceof FaultError) return undefined
      throw error
    }
  }
}

function callerAt(callee: Registers, pc: bigint, cfa: bigint): Registers {
  const caller = callee.copy()
  caller.crossCall(true)
  caller.pc = pc & callee.machine.codeAddressMask
  caller.set(callee.machine.stackPointer, cfa)
  return caller
}
