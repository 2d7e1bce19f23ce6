/** How the caller's value of a register is found (DWARF 5, section 6.4.1). */
export type RegisterRule =
  /** It cannot be: it was overwritten. */
  | { readonly kind: 'undefined' }
  | { readonly kind: 'same_value' }
  /** It is stored at CFA + offset. */
  | { readonly kind: 'offset'; readonly offset: number }
  /** It is CFA + offset. */
  | { readonly kind: 'val_offset'; readonly offset: number }
  /** It is in another register. */
  | { readonly kind: 'register'; readonly register: number }
  /** It is stored at the address that the expression gives. */
  | { readonly kind: 'expression'; readonly expression: Uint8Array }
  /** It is what the expression gives. */
  | { readonly kind: 'val_expression'; readonly expression: Uint8Array }

/** How the canonical frame address is found: the stack pointer of the caller before its call. */
export type CfaRule =
  | { readonly kind: 'register'; readonly register: number; readonly offset: number }
  | { readonly kind: 'expression'; readonly expression: Uint8Array }

/** The rules for a range of code. */
export interface Row {
  /** Addresses of the file: from `start` on, without `end`. */
  readonly start: bigint
  readonly end: bigint
  /** Undefined if nothing was said of it. */
  readonly cfa: CfaRule | undefined
  /** Of the registers that something was said of. */
  readonly rules: readonly (readonly [register: number, rule: RegisterRule])[]
  /** Whether the return address is signed (arm64 pointer authentication). */
  readonly signed: boolean
  /** The column of {@link rules} that stands for the return address. */
  readonly returnRegister: number
  /** Whether the frame is that of a signal trampoline. */
  readonly signalFrame: boolean
}
