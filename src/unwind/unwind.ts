import { hex } from '../bytes/hex.js'
import { KsightError } from '../errors.js'
import type { Row } from './cfi/rules.js'
import { type CfiStep, stepByRow } from './cfi_step.js'
import { Guesser } from './guesser.js'
import type { FindModule, MappedModule } from './module.js'
import type { Registers } from './registers.js'
import { type StackMemory, WordReader } from './word_reader.js'

/** How a frame was found. */
export type FoundBy =
  /** It is the innermost one: its registers were given. */
  | 'registers'
  /** By call frame information of the function it called. */
  | 'cfi'
  /** By call frame information of a signal trampoline: a signal interrupted it. */
  | 'signal frame'
  | 'frame pointer'
  /** The address at which the stack starts: a call led to where no code is. */
  | 'return address'
  /** A word of the stack that looks like a return address. */
  | 'scan'

/** A frame of a user stack. */
export interface UserFrame {
  /** Where it runs, or will go on when what it called returns. */
  readonly pc: bigint
  /** An address within the instruction that runs: `pc`, or the last byte of a call. For names and lines. */
  readonly at: bigint
  /** The stack pointer of its caller before the call; undefined if it could not be found. */
  readonly cfa: bigint | undefined
  readonly registers: Registers
  /** Undefined if no code is mapped at `at`. */
  readonly module: MappedModule | undefined
  readonly how: FoundBy
  /** Whether it surely is a frame; what was guessed, or found from a guess, is not. */
  readonly certain: boolean
  /** Whether it is a signal trampoline, which the kernel made as a frame of its own. */
  readonly signalFrame: boolean
}

/** Why there are no more frames. */
export interface UnwindEnd {
  readonly reason: /** The last frame has no caller: the stack is whole. */
    | 'outermost'
    /** The rest could not be found. */
    | 'lost'
    /** The stack points back at itself. */
    | 'cycle'
    /** There may be more frames than were asked for. */
    | 'depth'
  /** `what: why`, as in an error's message; empty for `outermost`. */
  readonly message: string
}

export interface UnwindOptions {
  /** The most frames that are given; 2048 if it is not said. */
  readonly maxDepth?: number
}

const DEFAULT_DEPTH = 2048

/** A frame that was found, before its caller is looked for. */
interface Place {
  readonly registers: Registers
  readonly how: FoundBy
  readonly certain: boolean
  /** Whether `pc` is the instruction that runs, rather than the one behind a call. */
  readonly exact: boolean
}

/** A frame, and what is behind it. */
interface Walked {
  readonly frame: UserFrame
  readonly next: Place | UnwindEnd
}

/**
 * The frames of a user stack, innermost first; what ends it is returned. It never throws for what
 * memory or files contain: where it cannot go on, it says why.
 */
export function* unwind(
  registers: Registers,
  memory: StackMemory,
  findModule: FindModule,
  options: UnwindOptions = {},
): Generator<UserFrame, UnwindEnd> {
  const { maxDepth = DEFAULT_DEPTH } = options
  const walk = new StackWalk(memory, findModule)
  let place: Place = { registers, how: 'registers', certain: true, exact: true }
  for (let depth = 0; depth < maxDepth; depth++) {
    const { frame, next } = walk.step(place)
    yield frame
    if ('reason' in next) return next
    place = next
  }
  return { reason: 'depth', message: `there may be more frames: only ${maxDepth} were looked for` }
}

const OUTERMOST: UnwindEnd = { reason: 'outermost', message: '' }

class StackWalk {
  private readonly words: WordReader
  private readonly guesser: Guesser
  /** CFAs of the signal trampolines, of which no two are at one place. */
  private readonly trampolines = new Set<bigint>()

  constructor(
    memory: StackMemory,
    private readonly findModule: FindModule,
  ) {
    this.words = new WordReader(memory)
    this.guesser = new Guesser(this.words, findModule)
  }

  step(place: Place): Walked {
    const { registers, how, certain } = place
    const { at, module, row, problem } = this.describe(registers.pc, place.exact)
    const { cfa, next } = this.callerOf(place, row, problem, module)
    const signalFrame = row?.signalFrame === true
    return {
      frame: { pc: registers.pc, at, cfa, registers, module, how, certain, signalFrame },
      next,
    }
  }

  /**
   * What describes the code of a frame. A call is described at its last byte, as it may be the end of
   * a function; an address that was put on the stack without a call (makecontext(3)) starts one.
   */
  private describe(pc: bigint, exact: boolean): Description {
    const described = describeAt(this.findModule, exact ? pc : pc - 1n)
    if (exact || described.row !== undefined) return described
    const start = describeAt(this.findModule, pc)
    return start.row === undefined ? described : start
  }

  private callerOf(
    place: Place,
    row: Row | undefined,
    problem: string,
    module: MappedModule | undefined,
  ): { cfa: bigint | undefined; next: Place | UnwindEnd } {
    if (row !== undefined) return this.byRow(place, row, module?.bias ?? 0n)
    const guess =
      module === undefined
        ? this.guesser.ofNoCode(place.registers)
        : this.guesser.ofUnknownCode(place.registers, place.exact)
    if (guess === undefined) return { cfa: undefined, next: lost(place, problem) }
    const { cfa, caller, how } = guess
    if (caller === undefined) return { cfa, next: OUTERMOST }
    const certain = place.certain && guess.certain
    const next = this.checked(place, cfa, { registers: caller, how, certain, exact: false })
    return { cfa, next }
  }

  private byRow(
    place: Place,
    row: Row,
    bias: bigint,
  ): { cfa: bigint | undefined; next: Place | UnwindEnd } {
    let step: CfiStep
    try {
      step = stepByRow(row, bias, place.registers, this.words)
    } catch (error) {
      if (!(error instanceof KsightError)) throw error
      return { cfa: undefined, next: lost(place, error.message) }
    }
    const { cfa, caller } = step
    if (caller === undefined) return { cfa, next: OUTERMOST }
    const certain = place.certain && step.certain
    if (row.signalFrame) return { cfa, next: this.interrupted(place, cfa, caller, certain) }
    if (caller.pc === 0n) return { cfa, next: OUTERMOST }
    return {
      cfa,
      next: this.checked(place, cfa, { registers: caller, how: 'cfi', certain, exact: false }),
    }
  }

  /** What a signal interrupted: it may be on another stack, but a trampoline returns only once. */
  private interrupted(
    place: Place,
    cfa: bigint,
    registers: Registers,
    certain: boolean,
  ): Place | UnwindEnd {
    if (this.trampolines.has(cfa)) return cycle(place, cfa)
    this.trampolines.add(cfa)
    return { registers, how: 'signal frame', certain, exact: true }
  }

  /** A caller's frame lies above that of what it called, and its code is mapped. */
  private checked(place: Place, cfa: bigint, next: Place): Place | UnwindEnd {
    const stackPointer = place.registers.stackPointer ?? 0n
    if (cfa < stackPointer || (cfa === stackPointer && !place.exact)) return cycle(place, cfa)
    if (this.findModule(next.registers.pc - 1n) !== undefined) return next
    return lost(place, `the return address, ${hex(next.registers.pc)}, leads to no code`)
  }
}

interface Description {
  readonly at: bigint
  readonly module: MappedModule | undefined
  readonly row: Row | undefined
  /** Why there is no row. */
  readonly problem: string
}

function describeAt(findModule: FindModule, at: bigint): Description {
  const module = findModule(at)
  if (module === undefined)
    return { at, module, row: undefined, problem: 'no code is mapped there' }
  try {
    const row = module.callFrames?.rowAt(at - module.bias)
    const problem = `nothing describes this code of ${module.name}, and no caller could be guessed`
    return { at, module, row, problem }
  } catch (error) {
    if (!(error instanceof KsightError)) throw error
    return { at, module, row: undefined, problem: error.message }
  }
}

function lost({ registers }: Place, why: string): UnwindEnd {
  return { reason: 'lost', message: `cannot tell what called ${hex(registers.pc)}: ${why}` }
}

function cycle({ registers }: Place, cfa: bigint): UnwindEnd {
  const message = `the stack points back at itself: the frame of ${hex(registers.pc)} ends at ${hex(cfa)}`
  return { reason: 'cycle', message }
}
