import type { Region } from './region.js'

type Named = Pick<Region, 'name' | 'kind' | 'macro' | 'moved'>

/**
 * The regions of the kernel's half on x86-64. KASLR moves the direct map and vmalloc since Linux 4.8
 * (CONFIG_RANDOMIZE_MEMORY), vmemmap since 4.10, and the image since 3.14 (CONFIG_RANDOMIZE_BASE).
 */
export const X86 = {
  guardHole: { name: 'guard hole', kind: 'unused', macro: 'GUARD_HOLE_BASE_ADDR' },
  ldt: { name: 'LDT remap', kind: 'kernel', macro: 'LDT_BASE_ADDR' },
  directMap: { name: 'direct map', kind: 'kernel', macro: 'PAGE_OFFSET', moved: 'memory' },
  vmalloc: { name: 'vmalloc', kind: 'kernel', macro: 'VMALLOC_START', moved: 'memory' },
  kmsan: { name: 'KMSAN metadata', kind: 'kernel', moved: 'memory' },
  vmemmap: { name: 'vmemmap', kind: 'kernel', macro: 'VMEMMAP_START', moved: 'memory' },
  kasan: { name: 'KASAN shadow', kind: 'kernel', macro: 'KASAN_SHADOW_START' },
  cpuEntryArea: { name: 'cpu_entry_area', kind: 'kernel', macro: 'CPU_ENTRY_AREA_BASE' },
  espfix: { name: 'espfix', kind: 'kernel', macro: 'ESPFIX_BASE_ADDR' },
  efi: { name: 'EFI runtime', kind: 'kernel', macro: 'EFI_VA_END' },
  image: { name: 'kernel image', kind: 'kernel', macro: '__START_KERNEL_map' },
  imageRest: { name: 'kernel image, other', kind: 'kernel', moved: 'image' },
  modules: { name: 'modules', kind: 'kernel', macro: 'MODULES_VADDR' },
  fixmap: { name: 'fixmap', kind: 'kernel', macro: 'FIXADDR_START' },
  vsyscall: { name: 'vsyscall', kind: 'kernel', macro: 'VSYSCALL_ADDR' },
} as const satisfies Record<string, Named>
