import type { CpuState } from '../../src/dump/dump.js'

const GENERAL = ['ax', 'bx', 'cx', 'dx', 'si', 'di', 'bp', 'sp', 'ip']
const NUMBERED = ['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15']
const CONTROL = ['cr0', 'cr2', 'cr3', 'cr4']
const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs']

/** Registers by the kernel's names, as the output of `info registers -a` has them, for each CPU. */
export function monitorRegisters(text: string): Record<string, bigint>[] {
  return text
    .split(/^CPU#\d+$/m)
    .slice(1)
    .map((cpu) => {
      const value = (pattern: string) =>
        BigInt(`0x${new RegExp(`\\b${pattern}([0-9a-f]+)`).exec(cpu)![1]}`)
      return Object.fromEntries([
        ...GENERAL.map((name) => [name, value(`R${name.toUpperCase()}=`)]),
        ...[...NUMBERED, ...CONTROL].map((name) => [name, value(`${name.toUpperCase()} *=`)]),
        ...SEGMENTS.map((name) => [name, value(`${name.toUpperCase()} *=`)]),
        ...['fs', 'gs'].map((name) => [
          `${name}_base`,
          value(`${name.toUpperCase()} *=[0-9a-f]+ `),
        ]),
        ['flags', value('RFL=')],
        ['tr_base', value('TR *=[0-9a-f]+ ')],
        ['gdt_base', value('GDT= *')],
        ['idt_base', value('IDT= *')],
        ['idt_limit', value('IDT= *[0-9a-f]+ ')],
      ])
    })
}

/** The registers that the monitor tells too. */
export function shownByMonitor({ registers }: CpuState): Record<string, bigint | undefined> {
  const names = [
    ...[...GENERAL, ...NUMBERED, ...CONTROL, ...SEGMENTS],
    ...['fs_base', 'gs_base', 'flags', 'tr_base', 'gdt_base', 'idt_base', 'idt_limit'],
  ]
  return Object.fromEntries(names.map((name) => [name, registers.get(name)]))
}
