import { UsageError } from '../errors.js'
import type { Instruction } from './instructions.js'

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

const MAIN = 'main'

/** Where the distance to a label belongs; a function's address is also a distance. */
type Reference = 'jump' | 'long jump' | 'call' | 'address'

interface Fixup {
  readonly index: number
  readonly label: string
  readonly reference: Reference
}

/** Instructions in order, with labels that are resolved at the end. */
export class CodeBuffer {
  private readonly instructions: Instruction[] = []
  private readonly labels = new Map<string, number>()
  private readonly fixups: Fixup[] = []

  /** Names the next instruction. Throws {@link UsageError} if the name is taken. */
  label(name: string): this {
    if (this.labels.has(name) || name === MAIN) {
      throw new UsageError(`label ${name}`, 'there is one already')
    }
    this.labels.set(name, this.instructions.length)
    return this
  }

  /** Resolves the labels. Throws {@link UsageError} for one that is not defined or too far away. */
  assemble(): Code {
    const instructions = [...this.instructions]
    for (const { index, label, reference } of this.fixups) {
      const distance = this.position(label) - index - 1
      const field = reference === 'jump' ? 'offset' : 'imm'
      if (reference === 'jump') checkRange(`jump to ${label} over`, distance, 16)
      instructions[index] = { ...instructions[index]!, [field]: distance }
    }
    return {
      instructions,
      subprograms: this.subprograms(),
      takesFunctionAddress: this.fixups.some(({ reference }) => reference === 'address'),
    }
  }

  private subprograms(): Subprogram[] {
    const starts = new Map([[0, MAIN]])
    for (const { label, reference } of this.fixups) {
      if (reference === 'call' || reference === 'address') starts.set(this.position(label), label)
    }
    return Array.from(starts, ([start, name]) => ({ name, start })).sort(
      (a, b) => a.start - b.start,
    )
  }

  private position(label: string): number {
    const position = this.labels.get(label)
    if (position === undefined) throw new UsageError(`label ${label}`, 'it is not defined')
    if (position === this.instructions.length) {
      throw new UsageError(`label ${label}`, 'no instruction follows it')
    }
    return position
  }

  /** Appends an instruction that refers to a label. */
  protected refer(label: string, reference: Reference, instruction: Partial<Instruction>): this {
    this.fixups.push({ index: this.instructions.length, label, reference })
    return this.emit(instruction)
  }

  protected emit({
    opcode = 0,
    dst = 0,
    src = 0,
    offset = 0,
    imm = 0,
  }: Partial<Instruction>): this {
    checkRange('offset', offset, 16)
    checkRange('immediate value', imm, 32)
    this.instructions.push({ opcode, dst, src, offset, imm })
    return this
  }
}

function checkRange(what: string, value: number, bits: 16 | 32): void {
  const limit = 2 ** (bits - 1)
  if (Number.isInteger(value) && value >= -limit && value < limit) return
  throw new UsageError(`${what} ${value}`, `it does not fit into ${bits} bits with a sign`)
}
