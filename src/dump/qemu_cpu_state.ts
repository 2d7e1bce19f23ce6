/** The segment registers in the order of QEMU's struct; of tables, only base and limit mean something. */
const SEGMENTS = ['cs', 'ds', 'es', 'fs', 'gs', 'ss', 'ldt', 'tr', 'gdt', 'idt']
const TABLES = new Set(['gdt', 'idt'])

/** Version and size, sixteen general registers, rip and rflags. */
const SEGMENTS_AT = 8 + 18 * 8
/** Selector, limit, flags, padding, base. */
const SEGMENT_SIZE = 24
const CONTROL_AT = SEGMENTS_AT + SEGMENTS.length * SEGMENT_SIZE
/** cr0 to cr4; cr1 does not exist. */
const CONTROL = [
  ['cr0', 0],
  ['cr2', 2],
  ['cr3', 3],
  ['cr4', 4],
] as const
const KERNEL_GS_BASE_AT = CONTROL_AT + 5 * 8

/**
 * What a note of QEMU's (struct QEMUCPUState of its target/i386/arch_dump.c, version 1) says beyond
 * NT_PRSTATUS: control registers, bases of segments, descriptor tables. Always little endian, and
 * the same for 32 and 64 bits. `kernel_gs_base` (QEMU 3.0) is what swapgs exchanges with the base of gs.
 */
export function readQemuCpuState(desc: Uint8Array): Map<string, bigint> {
  const registers = new Map<string, bigint>()
  if (desc.length < KERNEL_GS_BASE_AT) return registers
  const view = new DataView(desc.buffer, desc.byteOffset, desc.byteLength)
  if (view.getUint32(0, true) !== 1) return registers
  SEGMENTS.forEach((name, i) => {
    const at = SEGMENTS_AT + i * SEGMENT_SIZE
    if (!TABLES.has(name)) registers.set(name, BigInt(view.getUint32(at, true)))
    registers.set(`${name}_limit`, BigInt(view.getUint32(at + 4, true)))
    registers.set(`${name}_base`, view.getBigUint64(at + 16, true))
  })
  for (const [name, i] of CONTROL) registers.set(name, view.getBigUint64(CONTROL_AT + 8 * i, true))
  if (desc.length >= KERNEL_GS_BASE_AT + 8) {
    registers.set('kernel_gs_base', view.getBigUint64(KERNEL_GS_BASE_AT, true))
  }
  return registers
}
