/**
 * A64 instructions, as many as it takes to set a processor's translation registers (Arm ARM C6.2;
 * the words are checked by the processor that executes them).
 */

/** Encodings of system registers: op0, op1, CRn, CRm, op2. */
const SYSTEM_REGISTERS = {
  SCTLR_EL1: [3, 0, 1, 0, 0],
  TTBR0_EL1: [3, 0, 2, 0, 0],
  TTBR1_EL1: [3, 0, 2, 0, 1],
  TCR_EL1: [3, 0, 2, 0, 2],
  MAIR_EL1: [3, 0, 10, 2, 0],
  HCR_EL2: [3, 4, 1, 1, 0],
} as const

export type SystemRegister = keyof typeof SYSTEM_REGISTERS

/** Code that loads the registers, in their order, and then stays where it is. */
export function loadRegisters(values: readonly (readonly [SystemRegister, bigint])[]): Uint8Array {
  const words = values.flatMap(([register, value]) => [...move(value), msr(register)])
  return new Uint8Array(Uint32Array.from([...words, ISB, BRANCH_TO_ITSELF]).buffer)
}

/** MOVZ and three times MOVK: a value into x0. */
function move(value: bigint): number[] {
  return [0, 1, 2, 3].map((part) => {
    const bits = Number((value >> BigInt(16 * part)) & 0xffffn)
    return ((part === 0 ? 0xd2800000 : 0xf2800000) | (part << 21) | (bits << 5)) >>> 0
  })
}

/** MSR: x0 into a system register. */
function msr(register: SystemRegister): number {
  const [op0, op1, crn, crm, op2] = SYSTEM_REGISTERS[register]
  const fields = ((op0 - 2) << 19) | (op1 << 16) | (crn << 12) | (crm << 8) | (op2 << 5)
  return (0xd5100000 | fields) >>> 0
}

const ISB = 0xd5033fdf
const BRANCH_TO_ITSELF = 0x14000000

/** What the processor itself can be asked: whether EL1 or EL0 may read or write at an address. */
export const ACCESSES = ['S1E1R', 'S1E1W', 'S1E0R', 'S1E0W'] as const
export type Access = (typeof ACCESSES)[number]

/** AT of the address in x0, ISB, and MRS of PAR_EL1 to x1. */
export function askFor(access: Access): Uint8Array {
  const words = [(0xd5087800 | (ACCESSES.indexOf(access) << 5)) >>> 0, ISB, 0xd5387401]
  return new Uint8Array(Uint32Array.from(words).buffer)
}
