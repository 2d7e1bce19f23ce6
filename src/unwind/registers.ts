import type { UnwindMachine } from './machine.js'

/**
 * The registers of a frame, by DWARF number. A value is certain, or it is carried: what a called
 * function may have overwritten still has the value that was last seen, in case that nobody did.
 */
export class Registers {
  private constructor(
    readonly machine: UnwindMachine,
    /** The address of the instruction that runs, or to which a call returns. */
    public pc: bigint,
    private readonly values: (bigint | undefined)[],
    private readonly carried: boolean[],
  ) {}

  /** From names as `struct pt_regs` and `struct user_regs_struct` of the kernel have them; others are passed over. */
  static of(machine: UnwindMachine, named: Iterable<readonly [string, bigint]>): Registers {
    const registers = new Registers(machine, 0n, [], [])
    for (const [name, value] of named) {
      if (name === machine.pcName) registers.pc = value
      const number = machine.registers.indexOf(name)
      if (number !== -1) registers.set(number, value)
    }
    return registers
  }

  /** Of the same machine, with the same values. */
  copy(): Registers {
    return new Registers(this.machine, this.pc, this.values.slice(), this.carried.slice())
  }

  get(number: number): bigint | undefined {
    return this.values[number]
  }

  /** Whether the value is known to be the frame's. */
  isCertain(number: number): boolean {
    return this.values[number] !== undefined && this.carried[number] !== true
  }

  set(number: number, value: bigint, certain = true): void {
    this.values[number] = value
    this.carried[number] = !certain
  }

  forget(number: number): void {
    this.values[number] = undefined
  }

  /** What a call may overwrite is no longer certain; nothing is where it is not known what was saved. */
  crossCall(savedUnknown = false): void {
    const { calleeSaved } = this.machine
    for (let i = 0; i < this.values.length; i++) {
      if (savedUnknown || !calleeSaved.has(i)) this.carried[i] = true
    }
  }

  get stackPointer(): bigint | undefined {
    return this.values[this.machine.stackPointer]
  }

  get framePointer(): bigint | undefined {
    return this.values[this.machine.framePointer]
  }

  /** Those that are certain, by name. */
  *known(): Generator<[name: string, value: bigint]> {
    for (let i = 0; i < this.machine.registers.length; i++) {
      const value = this.values[i]
      if (value !== undefined && this.isCertain(i)) yield [this.machine.registers[i]!, value]
    }
  }
}
