/** A register of the BPF machine. An object, so that it cannot be mistaken for a number. */
export class Register {
  constructor(readonly number: number) {}
}

/** What a function returns, and the result of a call. */
export const R0 = new Register(0)
/** The first argument; R1 to R5 are lost in a call. */
export const R1 = new Register(1)
export const R2 = new Register(2)
export const R3 = new Register(3)
export const R4 = new Register(4)
export const R5 = new Register(5)
/** R6 to R9 survive a call. */
export const R6 = new Register(6)
export const R7 = new Register(7)
export const R8 = new Register(8)
export const R9 = new Register(9)
/** The frame pointer, read-only: the stack is the 512 bytes below. */
export const R10 = new Register(10)
