import { Cursor } from './cursor.js'
import type { Cie, Fde, Instructions } from './entries.js'
import type { FrameSection } from './frame_section.js'
import { type PointerBases, readEncoded } from './pointer_encoding.js'
import type { CfaRule, RegisterRule, Row } from './rules.js'

/** No architecture numbers more registers; arm64 has the highest, 127. */
const MAX_REGISTERS = 256
/** The longest program of Node.js, of 24,000, has 3 KiB. It is run for each address that is asked for. */
const MAX_PROGRAM = 1 << 15
const MAX_REMEMBERED = 64

/** What differs between files: how addresses are encoded, and what 0x2d means. */
export interface Dialect {
  readonly bases: PointerBases
  /** Whether 0x2d is DW_CFA_AARCH64_negate_ra_state. */
  readonly signsReturnAddress: boolean
}

/** The row that holds at an address within an FDE; undefined where the FDE does not reach. */
export function rowAt(
  section: FrameSection,
  fde: Fde,
  address: bigint,
  dialect: Dialect,
): Row | undefined {
  for (const row of rowsOf(section, fde, dialect, address)) if (address < row.end) return row
  return undefined
}

/** All rows of an FDE that are not empty; those that end at or before `from` may be left out. */
export function* rowsOf(
  section: FrameSection,
  fde: Fde,
  dialect: Dialect,
  from = 0n,
): Generator<Row> {
  const { cie } = fde
  const table = new RuleTable()
  const program = new CallFrameProgram(section, cie, dialect, table)
  program.start(cie.instructions, 0n)
  while (program.advance() !== undefined);
  program.initial = table.save()
  program.start(fde.instructions, fde.start)
  const length = Number(fde.end - fde.start)
  const wanted = Number(from - fde.start)
  for (let start = 0, next: number | undefined; start < length; start = next) {
    next = program.advance()
    const last = next === undefined || next >= length
    const end = last ? length : next!
    if (end > wanted && end > start) {
      const range = { start: fde.start + BigInt(start), end: fde.start + BigInt(end) }
      yield { ...range, ...(last && { end: fde.end }), ...table.row(cie) }
    }
    if (next === undefined) return
  }
}

interface SavedRules {
  readonly cfa: CfaRule | undefined
  readonly rules: readonly (RegisterRule | undefined)[]
  readonly signed: boolean
}

/** The rules as they are at one location while a program runs. */
class RuleTable {
  cfa: CfaRule | undefined
  signed = false
  private current: readonly (RegisterRule | undefined)[] = []
  /** The same rules, if nothing that was saved has them. */
  private own: (RegisterRule | undefined)[] | undefined

  set(register: number, rule: RegisterRule | undefined): void {
    this.own ??= this.current.slice()
    this.own[register] = rule
    this.current = this.own
  }

  save(): SavedRules {
    this.own = undefined
    return { cfa: this.cfa, rules: this.current, signed: this.signed }
  }

  restore({ cfa, rules, signed }: SavedRules): void {
    this.cfa = cfa
    this.current = rules
    this.own = undefined
    this.signed = signed
  }

  row({ returnRegister, signalFrame }: Cie): Omit<Row, 'start' | 'end'> {
    const rules: [number, RegisterRule][] = []
    this.current.forEach((rule, register) => {
      if (rule !== undefined) rules.push([register, rule])
    })
    return { cfa: this.cfa, rules, signed: this.signed, returnRegister, signalFrame }
  }
}

const UNDEFINED: RegisterRule = { kind: 'undefined' }
const SAME_VALUE: RegisterRule = { kind: 'same_value' }

/** Runs call frame instructions (DWARF 5, section 6.4.2, and those that GNU tools added). */
class CallFrameProgram {
  /** What the CIE says, which DW_CFA_restore goes back to. */
  initial: SavedRules = { cfa: undefined, rules: [], signed: false }
  private readonly remembered: SavedRules[] = []
  private cursor: Cursor
  /** Where the function starts, and how far from there the program is. */
  private origin = 0n
  private location = 0

  constructor(
    private readonly section: FrameSection,
    private readonly cie: Cie,
    private readonly dialect: Dialect,
    private readonly table: RuleTable,
  ) {
    this.cursor = new Cursor(section, 0, 0)
  }

  start({ start, end }: Instructions, origin: bigint): void {
    this.cursor = new Cursor(this.section, start, end)
    this.origin = origin
    this.location = 0
    if (end - start > MAX_PROGRAM) {
      throw this.cursor.damaged(`a program has at most ${MAX_PROGRAM} bytes, not ${end - start}`)
    }
  }

  /** Runs up to where the location changes, and gives the new one; undefined at the end. */
  advance(): number | undefined {
    const { cursor } = this
    while (!cursor.done) {
      const opcode = cursor.u8()
      const moved = opcode >= 0x40 ? this.primary(opcode) : this.extended(opcode)
      if (moved !== undefined) return (this.location = moved)
    }
    return undefined
  }

  /** Instructions with an operand in their low six bits; those of location give the new one. */
  private primary(opcode: number): number | undefined {
    const operand = opcode & 0x3f
    const high = opcode & 0xc0
    if (high === 0x40) return this.moved(operand)
    if (high === 0x80) this.table.set(operand, this.atOffset(this.cursor.uleb()))
    else this.table.set(operand, this.initial.rules[operand])
    return undefined
  }

  private extended(opcode: number): number | undefined {
    const { cursor } = this
    switch (opcode) {
      case 0x01: // DW_CFA_set_loc
        return Number(
          readEncoded(cursor, this.cie.pointerEncoding, this.dialect.bases) - this.origin,
        )
      case 0x02: // DW_CFA_advance_loc1
        return this.moved(cursor.u8())
      case 0x03: // DW_CFA_advance_loc2
        return this.moved(cursor.u16())
      case 0x04: // DW_CFA_advance_loc4
        return this.moved(cursor.u32())
    }
    if (opcode >= 0x0c && opcode <= 0x13 && opcode !== 0x10 && opcode !== 0x11) this.setCfa(opcode)
    else if (!this.setState(opcode)) this.setRule(opcode)
    return undefined
  }

  private setCfa(opcode: number): void {
    const { cursor, table } = this
    switch (opcode) {
      case 0x0c: // DW_CFA_def_cfa
        table.cfa = { kind: 'register', register: this.register(), offset: cursor.uleb() }
        break
      case 0x0d: // DW_CFA_def_cfa_register
        table.cfa = {
          kind: 'register',
          register: this.register(),
          offset: this.registerCfa().offset,
        }
        break
      case 0x0e: // DW_CFA_def_cfa_offset
        table.cfa = { ...this.registerCfa(), offset: cursor.uleb() }
        break
      case 0x0f: // DW_CFA_def_cfa_expression
        table.cfa = { kind: 'expression', expression: this.block() }
        break
      case 0x12: // DW_CFA_def_cfa_sf
        table.cfa = { kind: 'register', register: this.register(), offset: this.factored() }
        break
      case 0x13: // DW_CFA_def_cfa_offset_sf
        table.cfa = { ...this.registerCfa(), offset: this.factored() }
        break
    }
  }

  /** Instructions about all rules, or about none; false for another one. */
  private setState(opcode: number): boolean {
    const { cursor, table, remembered } = this
    switch (opcode) {
      case 0x00: // DW_CFA_nop
        return true
      case 0x0a: // DW_CFA_remember_state
        if (remembered.length === MAX_REMEMBERED) {
          throw cursor.damaged(`at most ${MAX_REMEMBERED} states are remembered at once`)
        }
        remembered.push(table.save())
        return true
      case 0x0b: {
        // DW_CFA_restore_state
        const state = remembered.pop()
        if (state === undefined) throw cursor.damaged('a state that is restored was remembered')
        table.restore(state)
        return true
      }
      case 0x2c: // DW_CFA_AARCH64_negate_ra_state_with_pc
      case 0x2d: // DW_CFA_AARCH64_negate_ra_state; DW_CFA_GNU_window_save elsewhere, of SPARC
        if (this.dialect.signsReturnAddress) table.signed = !table.signed
        return true
      case 0x2e: // DW_CFA_GNU_args_size, for those who throw exceptions
        cursor.uleb()
        return true
      default:
        return false
    }
  }

  private setRule(opcode: number): void {
    const { cursor, table } = this
    switch (opcode) {
      case 0x05: // DW_CFA_offset_extended
        table.set(this.register(), this.atOffset(cursor.uleb()))
        break
      case 0x06: {
        // DW_CFA_restore_extended
        const register = this.register()
        table.set(register, this.initial.rules[register])
        break
      }
      case 0x07: // DW_CFA_undefined
        table.set(this.register(), UNDEFINED)
        break
      case 0x08: // DW_CFA_same_value
        table.set(this.register(), SAME_VALUE)
        break
      case 0x09: // DW_CFA_register
        table.set(this.register(), { kind: 'register', register: this.register() })
        break
      case 0x10: // DW_CFA_expression
        table.set(this.register(), { kind: 'expression', expression: this.block() })
        break
      case 0x11: // DW_CFA_offset_extended_sf
        table.set(this.register(), this.atOffset(cursor.sleb()))
        break
      case 0x14: // DW_CFA_val_offset
        table.set(this.register(), {
          kind: 'val_offset',
          offset: cursor.uleb() * this.cie.dataAlignment,
        })
        break
      case 0x15: // DW_CFA_val_offset_sf
        table.set(this.register(), { kind: 'val_offset', offset: this.factored() })
        break
      case 0x16: // DW_CFA_val_expression
        table.set(this.register(), { kind: 'val_expression', expression: this.block() })
        break
      case 0x2f: // DW_CFA_GNU_negative_offset_extended
        table.set(this.register(), this.atOffset(-cursor.uleb()))
        break
      default:
        throw cursor.damaged(
          `a call frame instruction is known, not 0x${opcode.toString(16)}`,
          cursor.at - 1,
        )
    }
  }

  private moved(by: number): number {
    return this.location + by * this.cie.codeAlignment
  }

  private atOffset(factor: number): RegisterRule {
    return { kind: 'offset', offset: factor * this.cie.dataAlignment }
  }

  private factored(): number {
    return this.cursor.sleb() * this.cie.dataAlignment
  }

  private block(): Uint8Array {
    return this.cursor.bytes(this.cursor.uleb())
  }

  private register(): number {
    const register = this.cursor.uleb()
    if (register < MAX_REGISTERS) return register
    throw this.cursor.damaged(`there are fewer than ${MAX_REGISTERS} registers, not ${register}`)
  }

  private registerCfa(): Extract<CfaRule, { kind: 'register' }> {
    const { cfa } = this.table
    if (cfa?.kind === 'register') return cfa
    throw this.cursor.damaged('only a CFA that is a register and an offset can have either changed')
  }
}
