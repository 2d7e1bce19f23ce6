import { hex } from '../../bytes/hex.js'
import type { Memory } from '../../memory/memory.js'
import type { NamedRegisters, PtRegs } from '../pt_regs.js'
import { WordReader } from '../word_reader.js'
import { ORC_REG, type OrcEntry } from './orc_entry.js'
import { lost, type StackVisits } from './stack_visits.js'

/** Where a task is, or will go on when what was called returns. Mirrors `struct unwind_state`. */
export interface OrcState {
  readonly ip: bigint
  readonly sp: bigint
  readonly bp: bigint
  /** Whether `ip` is the instruction to be run, rather than the one behind a call. */
  readonly exact: boolean
  /** Where it was interrupted: the registers at that time. */
  readonly registers?: NamedRegisters
  /** Whether those are all, and not only what the CPU pushes. */
  readonly full?: boolean
  /** Those of the state before, if these are not all: nothing has changed the others meanwhile. */
  readonly before?: NamedRegisters
}

/** Follows single ORC entries. Mirrors `unwind_next_frame()` of arch/x86/kernel/unwind_orc.c. */
export class OrcStep {
  private readonly words: WordReader

  constructor(
    private readonly memory: Memory,
    private readonly ptRegs: PtRegs,
    private readonly visits: StackVisits,
    private readonly returns: { recover(ip: bigint, slot: bigint): bigint },
  ) {
    this.words = new WordReader(memory)
  }

  /** Throws {@link InconsistentError} or {@link FaultError} if the entry leads nowhere. */
  next(state: OrcState, orc: OrcEntry): OrcState {
    const before = this.visits.current
    const sp = this.previousSp(state, orc)
    const next = this.at(state, orc, sp)
    const bp = this.previousBp(next, orc, sp, state.bp)
    const isSameStack = this.visits.current === before && this.visits.isOnCurrent(next.sp, 8)
    if (isSameStack && next.sp <= state.sp) {
      throw lost(`the stack goes in the wrong direction, from ${hex(state.sp)} to ${hex(next.sp)}`)
    }
    return { ...next, bp }
  }

  private previousSp(state: OrcState, { spReg, spOffset }: OrcEntry): bigint {
    const offset = BigInt(spOffset)
    switch (spReg) {
      case ORC_REG.SP:
        return word(state.sp + offset)
      case ORC_REG.BP:
        return word(state.bp + offset)
      case ORC_REG.SP_INDIRECT:
        return word(this.load(state.sp) + offset)
      case ORC_REG.BP_INDIRECT:
        return this.load(word(state.bp + offset))
      case ORC_REG.R10:
        return register(state, 'r10')
      case ORC_REG.R13:
        return register(state, 'r13')
      case ORC_REG.DI:
        return register(state, 'di')
      case ORC_REG.DX:
        return register(state, 'dx')
      default:
        throw lost(`its ORC entry has an unknown base, register ${spReg}`)
    }
  }

  private at(state: OrcState, { type, signal }: OrcEntry, sp: bigint): OrcState {
    if (type === 'call') {
      const slot = word(sp - 8n)
      const ip = this.returns.recover(this.load(slot), slot)
      return { ip, sp, bp: state.bp, exact: signal }
    }
    const registers = type === 'regs' ? this.wholeRegisters(sp) : this.iretRegisters(sp)
    const next = {
      ip: registers.get('ip')!,
      sp: registers.get('sp')!,
      bp: state.bp,
      exact: signal,
      registers,
      full: type === 'regs',
    }
    if (next.full) return next
    const last = state.full ? state.registers : state.before
    return last === undefined ? next : { ...next, before: last }
  }

  private previousBp(next: OrcState, orc: OrcEntry, sp: bigint, bp: bigint): bigint {
    const offset = BigInt(orc.bpOffset)
    switch (orc.bpReg) {
      case ORC_REG.UNDEFINED:
        return knownRegister(next, 'bp') ?? bp
      case ORC_REG.PREV_SP:
        return this.load(word(sp + offset))
      case ORC_REG.BP:
        return this.load(word(bp + offset))
      default:
        throw lost(`its ORC entry has an unknown base of bp, register ${orc.bpReg}`)
    }
  }

  private load(address: bigint): bigint {
    this.visits.enter(address, 8)
    return this.words.load(address, 8)
  }

  private wholeRegisters(sp: bigint): NamedRegisters {
    this.visits.enter(sp, this.ptRegs.size)
    return this.ptRegs.read(this.memory, sp)
  }

  private iretRegisters(sp: bigint): NamedRegisters {
    this.visits.enter(sp, this.ptRegs.iretSize)
    return this.ptRegs.readIret(this.memory, word(sp - BigInt(this.ptRegs.iretOffset)))
  }
}

/** Addresses wrap around. */
function word(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}

function register(state: OrcState, name: string): bigint {
  const value = knownRegister(state, name)
  if (value !== undefined) return value
  throw lost(`its caller is found by ${name}, which nothing has saved`)
}

/** Mirrors `get_reg()`. */
function knownRegister({ registers, full, before }: OrcState, name: string): bigint | undefined {
  return (full ? registers : before)?.get(name)
}
