import { HELPERS } from './helpers.js'
import {
  ALU,
  ATOMIC,
  CALL,
  CLASS,
  type Instruction,
  JUMP,
  LD_IMM64,
  MODE,
  PSEUDO,
  SIZE,
  SOURCE_REGISTER,
} from './instructions.js'

/** The name of a kernel function by the id of its FUNC in vmlinux's BTF. */
export type KfuncName = (btfId: number) => string

/**
 * Instructions in the verifier's notation (kernel/bpf/disasm.c), a line each, as in its log and in
 * `bpftool prog dump xlated`. Maps and functions, which have no address before the program is
 * loaded, are written as bpftool does: `map[fd:5]`, `map[fd:5][0]+8`, `subprog[+3]`.
 */
export function print(
  instructions: readonly Instruction[],
  kfuncName: KfuncName = () => 'kernel-function',
): string {
  const lines: string[] = []
  for (let at = 0; at < instructions.length; at++) {
    const instruction = instructions[at]!
    const high = instructions[at + 1]?.imm ?? 0
    const opcode = instruction.opcode.toString(16).padStart(2, '0')
    lines.push(`${at}: (${opcode}) ${printInstruction(instruction, high, kfuncName)}`)
    if (instruction.opcode === LD_IMM64) at++
  }
  return lines.join('\n')
}

function printInstruction(instruction: Instruction, high: number, kfuncName: KfuncName): string {
  switch (instruction.opcode & 7) {
    case CLASS.ALU:
    case CLASS.ALU64:
      return printAlu(instruction)
    case CLASS.JMP:
    case CLASS.JMP32:
      return printJump(instruction, kfuncName)
    case CLASS.LD:
      return `r${instruction.dst} = ${wideValue(instruction, high)}`
    case CLASS.LDX:
      return `r${instruction.dst} = ${memory(instruction, instruction.src)}`
    case CLASS.ST:
      return `${memory(instruction, instruction.dst)} = ${instruction.imm}`
    default:
      return printStore(instruction)
  }
}

/** Signs of arithmetic by bits 4 to 7 of the opcode. */
const ALU_SIGNS: Readonly<Record<number, string>> = {
  [ALU.add]: '+=',
  [ALU.sub]: '-=',
  [ALU.mul]: '*=',
  [ALU.div]: '/=',
  [ALU.or]: '|=',
  [ALU.and]: '&=',
  [ALU.lsh]: '<<=',
  [ALU.rsh]: '>>=',
  [ALU.mod]: '%=',
  [ALU.xor]: '^=',
  [ALU.mov]: '=',
  [ALU.arsh]: 's>>=',
}

function printAlu({ opcode, dst, src, offset, imm }: Instruction): string {
  const wide = (opcode & 7) === CLASS.ALU64
  const fromRegister = (opcode & SOURCE_REGISTER) !== 0
  const operation = opcode & 0xf0
  if (operation === ALU.end) {
    const name = wide ? 'bswap' : fromRegister ? 'be' : 'le'
    return `r${dst} = ${name}${imm} r${dst}`
  }
  const letter = wide ? 'r' : 'w'
  if (operation === ALU.neg) return `${letter}${dst} = -${letter}${dst}`
  const operand = fromRegister ? `${letter}${src}` : `${imm}`
  if (operation === ALU.mov && offset !== 0) return `${letter}${dst} = (s${offset})${operand}`
  // Only div and mod have an offset otherwise: it makes them signed.
  const signed = offset === 0 ? '' : 's'
  return `${letter}${dst} ${signed}${ALU_SIGNS[operation]} ${operand}`
}

/** Signs of comparison by bits 4 to 7 of the opcode. */
const JUMP_SIGNS: Readonly<Record<number, string>> = {
  [JUMP.jeq]: '==',
  [JUMP.jgt]: '>',
  [JUMP.jge]: '>=',
  [JUMP.jset]: '&',
  [JUMP.jne]: '!=',
  [JUMP.jsgt]: 's>',
  [JUMP.jsge]: 's>=',
  [JUMP.jlt]: '<',
  [JUMP.jle]: '<=',
  [JUMP.jslt]: 's<',
  [JUMP.jsle]: 's<=',
}

function printJump(instruction: Instruction, kfuncName: KfuncName): string {
  const { opcode, dst, src, offset, imm } = instruction
  const wide = (opcode & 7) === CLASS.JMP
  const operation = opcode & 0xf0
  switch (operation) {
    case JUMP.call:
      return `call ${callee(instruction, kfuncName)}`
    case JUMP.exit:
      return 'exit'
    case JUMP.ja:
      return wide ? `goto pc${plus(offset)}` : `gotol pc${plus(imm)}`
    case JUMP.jcond:
      return `may_goto pc${plus(offset)}`
  }
  const letter = wide ? 'r' : 'w'
  const operand = opcode & SOURCE_REGISTER ? `${letter}${src}` : `0x${(imm >>> 0).toString(16)}`
  return `if ${letter}${dst} ${JUMP_SIGNS[operation]} ${operand} goto pc${plus(offset)}`
}

function callee({ src, imm }: Instruction, kfuncName: KfuncName): string {
  if (src === CALL.local) return `pc${plus(imm)}`
  if (src === CALL.kfunc) return `${kfuncName(imm)}#${imm}`
  const helper = Object.entries(HELPERS).find(([, id]) => id === imm)
  return `${helper === undefined ? 'unknown' : `bpf_${helper[0]}`}#${imm}`
}

function wideValue({ src, imm }: Instruction, high: number): string {
  switch (src) {
    case PSEUDO.mapFd:
      return `map[fd:${imm}]`
    case PSEUDO.mapValue:
      return `map[fd:${imm}][0]+${high >>> 0}`
    case PSEUDO.func:
      return `subprog[${plus(imm)}]`
    default:
      return `0x${((BigInt(high >>> 0) << 32n) | BigInt(imm >>> 0)).toString(16)}`
  }
}

/** Atomic operations by bits 4 to 7 of the immediate value. */
const ATOMIC_NAMES: Readonly<Record<number, string>> = {
  [ALU.add]: 'add',
  [ALU.or]: 'or',
  [ALU.and]: 'and',
  [ALU.xor]: 'xor',
}

function printStore(instruction: Instruction): string {
  const { opcode, dst, src, imm } = instruction
  const target = memory(instruction, dst)
  if ((opcode & 0xe0) === MODE.mem) return `${target} = r${src}`
  const operation = imm & 0xf0
  if ((imm & ATOMIC.fetch) === 0) return `lock ${target} ${ALU_SIGNS[operation]} r${src}`
  const wide = (opcode & 0x18) === SIZE.u64 ? '64' : ''
  // The verifier writes the place as an argument: without the first star.
  const place = target.slice(1)
  if (imm === ATOMIC.cmpxchg) return `r0 = atomic${wide}_cmpxchg(${place}, r0, r${src})`
  const name = imm === ATOMIC.xchg ? 'xchg' : `fetch_${ATOMIC_NAMES[operation]}`
  return `r${src} = atomic${wide}_${name}(${place}, r${src})`
}

const SIZE_BITS: Readonly<Record<number, number>> = {
  [SIZE.u8]: 8,
  [SIZE.u16]: 16,
  [SIZE.u32]: 32,
  [SIZE.u64]: 64,
}

/** `*(u64 *)(r6 +8)` */
function memory({ opcode, offset }: Instruction, register: number): string {
  const letter = (opcode & 0xe0) === MODE.memsx ? 's' : 'u'
  return `*(${letter}${SIZE_BITS[opcode & 0x18]} *)(r${register} ${plus(offset)})`
}

function plus(value: number): string {
  return value < 0 ? `${value}` : `+${value}`
}
