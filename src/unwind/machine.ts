import { arm64 } from './machines/arm64.js'
import { x86_64 } from './machines/x86_64.js'

/** What differs between architectures when user stacks are unwound, as data. */
export interface UnwindMachine {
  /** As uname(2) names it. */
  readonly name: string
  /** `e_machine` of its ELF files. */
  readonly elfMachine: number
  /** Names by DWARF register number, as `struct pt_regs` of the kernel has them; empty for others. */
  readonly registers: readonly string[]
  readonly stackPointer: number
  readonly framePointer: number
  /** Holds the return address on entry to a function, unless that is on the stack. */
  readonly linkRegister: number | undefined
  /** The name of the program counter in `struct pt_regs`. */
  readonly pcName: string
  /** Registers that a function must leave to its caller as they were. */
  readonly calleeSaved: ReadonlySet<number>
  /** What of a code address counts: the rest may be a pointer authentication code. */
  readonly codeAddressMask: bigint
  /** Whether 0x2d is DW_CFA_AARCH64_negate_ra_state. */
  readonly signsReturnAddress: boolean
  /** At the frame pointer: where the caller's is, where the return address is, where the caller's stack starts. */
  readonly frameRecord: {
    readonly framePointer: number
    readonly returnAddress: number
    readonly size: number
  }
  /** How many bytes before a return address {@link isCall} looks at. */
  readonly longestCall: number
  /** Whether these bytes, which precede a return address, end with a call. */
  isCall(bytes: Uint8Array): boolean
}

const MACHINES: readonly UnwindMachine[] = [x86_64, arm64]

/** The machine whose ELF files have this `e_machine`. */
export function machineOfElf(elfMachine: number): UnwindMachine | undefined {
  return MACHINES.find((machine) => machine.elfMachine === elfMachine)
}
