/** A region as the library and the command both tell it; `end` is one past its last address. */
export interface Bounds {
  readonly name: string
  readonly start: bigint
  readonly end: bigint
}

/** The bounds of a kernel's regions, by the names that lab/module/facts.c gives them. */
export function boundsByMacro(regions: readonly Bounds[]): Record<string, string> {
  const start = (name: string) => hex(theOnly(regions, name).start)
  const end = (name: string) => hex(theOnly(regions, name).end)
  return {
    GUARD_HOLE_BASE_ADDR: start('guard hole'),
    GUARD_HOLE_END_ADDR: end('guard hole'),
    LDT_BASE_ADDR: start('LDT remap'),
    LDT_END_ADDR: end('LDT remap'),
    PAGE_OFFSET: start('direct map'),
    high_memory: end('direct map'),
    VMALLOC_START: start('vmalloc'),
    VMALLOC_END: hex(theOnly(regions, 'vmalloc').end - 1n),
    VMEMMAP_START: start('vmemmap'),
    CPU_ENTRY_AREA_BASE: start('cpu_entry_area'),
    ESPFIX_BASE_ADDR: start('espfix'),
    EFI_VA_END: start('EFI runtime'),
    EFI_VA_START: end('EFI runtime'),
    _text: start('kernel text'),
    _etext: end('kernel text'),
    _end: end('kernel brk'),
    MODULES_VADDR: start('modules'),
    MODULES_END: end('modules'),
    FIXADDR_START: start('fixmap'),
    VSYSCALL_ADDR: start('vsyscall'),
    // The last page of user space is never mapped.
    TASK_SIZE_MAX: hex(theOnly(regions, 'user space').end - 4096n),
  }
}

/** The region of this name. */
export function theOnly<Region extends Bounds>(regions: readonly Region[], name: string): Region {
  const found = regions.filter((each) => each.name === name)
  if (found.length !== 1) throw new Error(`there are ${found.length} regions named ${name}`)
  return found[0]!
}

export const hex = (value: bigint) => `0x${value.toString(16)}`
