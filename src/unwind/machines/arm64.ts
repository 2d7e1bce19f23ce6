import type { UnwindMachine } from '../machine.js'

/** DWARF register numbers: DWARF for the Arm 64-bit Architecture (aadwarf64), section 4.1. */
export const arm64: UnwindMachine = {
  name: 'aarch64',
  elfMachine: 183,
  registers: [...Array.from({ length: 31 }, (_, i) => `x${i}`), 'sp'],
  stackPointer: 31,
  framePointer: 29,
  linkRegister: 30,
  pcName: 'pc',
  calleeSaved: new Set([19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]),
  // 48 bits of address are what a process gets unless it asks mmap(2) for more.
  codeAddressMask: 0x0000_ffff_ffff_ffffn,
  signsReturnAddress: true,
  frameRecord: { framePointer: 0, returnAddress: 8, size: 16 },
  longestCall: 4,
  isCall,
}

/** BL, BLR, or BLR with pointer authentication (BLRAA, BLRAB and their zero forms). */
function isCall(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4)
  const instruction = view.getUint32(0, true)
  if (instruction >>> 26 === 0b100101) return true
  return (instruction & 0xfefff000) >>> 0 === 0xd63f0000
}
