/**
 * A register of the BPF machine. `R1` is all its 64 bits; `W1` the low 32, and an operation on it
 * sets the high ones to 0, as in the verifier's notation.
 */
export class Register<Bits extends 32 | 64> {
  constructor(
    readonly number: number,
    readonly bits: Bits,
  ) {}
}

/** What a function returns, and the result of a call. */
export const R0 = new Register(0, 64)
/** The first argument; R1 to R5 are lost in a call. */
export const R1 = new Register(1, 64)
export const R2 = new Register(2, 64)
export const R3 = new Register(3, 64)
export const R4 = new Register(4, 64)
export const R5 = new Register(5, 64)
/** R6 to R9 survive a call. */
export const R6 = new Register(6, 64)
export const R7 = new Register(7, 64)
export const R8 = new Register(8, 64)
export const R9 = new Register(9, 64)
/** The frame pointer, read-only: the stack is the 512 bytes below. */
export const R10 = new Register(10, 64)

export const W0 = new Register(0, 32)
export const W1 = new Register(1, 32)
export const W2 = new Register(2, 32)
export const W3 = new Register(3, 32)
export const W4 = new Register(4, 32)
export const W5 = new Register(5, 32)
export const W6 = new Register(6, 32)
export const W7 = new Register(7, 32)
export const W8 = new Register(8, 32)
export const W9 = new Register(9, 32)
