import { EM_386, EM_AARCH64, EM_X86_64 } from './machine.js'

/** `struct user_regs_struct` of arch/x86/include/asm/user_64.h. */
const X86_64 =
  'r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax ip cs flags sp ss ' +
  'fs_base gs_base ds es fs gs'
/** `struct user_regs_struct` of arch/x86/include/asm/user_32.h. */
const I386 = 'bx cx dx si di bp ax ds es fs gs orig_ax ip cs flags sp ss'
/** `struct user_pt_regs` of arch/arm64/include/uapi/asm/ptrace.h; `regs[i]` is called xi. */
const AARCH64 = `${Array.from({ length: 31 }, (_, i) => `x${i}`).join(' ')} sp pc pstate`

/** By `e_machine`: the members of `elf_gregset_t` in their order. */
const REGISTERS = new Map([
  [EM_X86_64, X86_64.split(' ')],
  [EM_386, I386.split(' ')],
  [EM_AARCH64, AARCH64.split(' ')],
])

/** Offsets in `struct elf_prstatus` (include/linux/elfcore.h), which depend on the size of a long. */
const LAYOUT = {
  32: { pid: 24, registers: 72 },
  64: { pid: 32, registers: 112 },
} as const

/** What an NT_PRSTATUS note says: `pr_pid` and `pr_reg`, as far as the note reaches. */
export function readPrstatus(
  desc: Uint8Array,
  machine: number,
  bits: 32 | 64,
  littleEndian: boolean,
): { pid: number | undefined; registers: Map<string, bigint> } {
  const view = new DataView(desc.buffer, desc.byteOffset, desc.byteLength)
  const layout = LAYOUT[bits]
  const registers = new Map<string, bigint>()
  let at: number = layout.registers
  for (const name of REGISTERS.get(machine) ?? []) {
    if (at + bits / 8 > desc.length) break
    const value =
      bits === 64 ? view.getBigUint64(at, littleEndian) : BigInt(view.getUint32(at, littleEndian))
    registers.set(name, value)
    at += bits / 8
  }
  const pid = layout.pid + 4 <= desc.length ? view.getInt32(layout.pid, littleEndian) : undefined
  return { pid, registers }
}
