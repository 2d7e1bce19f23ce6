/** `e_machine` of the architectures whose registers are known. */
export const EM_386 = 3
export const EM_X86_64 = 62
export const EM_AARCH64 = 183

/** By `e_machine` (include/uapi/linux/elf-em.h). */
const NAMES = new Map([
  [EM_386, 'i686'],
  [22, 's390x'],
  [40, 'armv7l'],
  [EM_X86_64, 'x86_64'],
  [EM_AARCH64, 'aarch64'],
  [243, 'riscv64'],
  [258, 'loongarch64'],
])

const EM_PPC64 = 21

/** A machine's name as uname(2) has it. */
export function machineName(machine: number, littleEndian: boolean): string | undefined {
  if (machine === EM_PPC64) return littleEndian ? 'ppc64le' : 'ppc64'
  return NAMES.get(machine)
}

/** `e_machine` of what uname(2) calls `name`, where its registers are known. */
export function machineNumber(name: string): number | undefined {
  if (/^i[3-6]86$/.test(name)) return EM_386
  for (const [machine, known] of NAMES) if (known === name) return machine
  return undefined
}
