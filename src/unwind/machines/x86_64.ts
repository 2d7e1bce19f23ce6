import type { UnwindMachine } from '../machine.js'

/** DWARF register numbers: System V ABI, AMD64 supplement, figure 3.36. */
export const x86_64: UnwindMachine = {
  name: 'x86_64',
  elfMachine: 62,
  registers: [
    ...['ax', 'dx', 'cx', 'bx', 'si', 'di', 'bp', 'sp'],
    ...['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'],
    'ip',
  ],
  stackPointer: 7,
  framePointer: 6,
  linkRegister: undefined,
  pcName: 'ip',
  calleeSaved: new Set([3, 6, 12, 13, 14, 15]),
  codeAddressMask: 0xffff_ffff_ffff_ffffn,
  signsReturnAddress: false,
  frameRecord: { framePointer: 0, returnAddress: 8, size: 16 },
  longestCall: 7,
  isCall,
}

const RELATIVE_CALL = 0xe8
const GROUP_5 = 0xff

/** `call rel32`, or `ff /2` in the lengths it can have. */
function isCall(bytes: Uint8Array): boolean {
  if (bytes[bytes.length - 5] === RELATIVE_CALL) return true
  for (let length = 2; length <= 7; length++) {
    const at = bytes.length - length
    if (bytes[at] === GROUP_5 && indirectCallLength(bytes[at + 1]!, bytes[at + 2]) === length) {
      return true
    }
  }
  return false
}

/** The length of `ff modrm …`; 0 if it is not a call. */
function indirectCallLength(modrm: number, sib: number | undefined): number {
  if (((modrm >>> 3) & 7) !== 2) return 0
  const mod = modrm >>> 6
  const rm = modrm & 7
  if (mod === 3) return 2
  const hasSib = rm === 4
  const start = hasSib ? 3 : 2
  if (mod === 1) return start + 1
  if (mod === 2) return start + 4
  const noBase = rm === 5 || (hasSib && sib !== undefined && (sib & 7) === 5)
  return noBase ? start + 4 : start
}
