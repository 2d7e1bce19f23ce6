import { withGaps } from './gaps.js'
import { kernelRegion, type Region, sized, TOP } from './region.js'

const MIB = 1n << 20n
const GIB = 1n << 30n

/** `sizeof(struct page)`; a power of two in every usual configuration. */
const STRUCT_PAGE = 64n

/**
 * arm64 without KASLR and KASAN, as it is since Linux 6.9, which moved PCI I/O and fixmap above vmemmap:
 * Documentation/arch/arm64/memory.rst, arch/arm64/include/asm/memory.h and pgtable.h. Modes of 52 bits
 * are shown as on a CPU that has as many.
 */
export function arm64Reference(pageSize: number, bits: number): Region[] {
  const half = 1n << BigInt(bits)
  const how = `${bits} address bits; bit 55 tells TTBR0 from TTBR1`
  const kernel = { start: TOP - half, end: TOP }
  return [
    { name: 'user space', kind: 'user', start: 0n, end: half, how: `${how}; TASK_SIZE` },
    { name: 'hole', kind: 'hole', start: half, end: TOP - half, how: 'no table translates it' },
    ...withGaps(kernelParts(pageSize, bits), kernel, {
      name: 'guard region',
      kind: 'unused',
      how: 'kept free',
    }),
  ]
}

function kernelParts(pageSize: number, bits: number): Region[] {
  const pageOffset = TOP - (1n << BigInt(bits))
  // Kernels for 52 bits must run on CPUs that have fewer, too: VA_BITS_MIN.
  const fewest = bits <= 48 ? bits : pageSize === 16384 ? 47 : 48
  const pageEnd = TOP - (1n << BigInt(fewest - 1))
  const modules = sized(pageEnd, 2n * GIB)
  const vmemmapEnd = TOP - GIB
  const vmemmap = vmemmapEnd - ((pageEnd - pageOffset) / BigInt(pageSize)) * STRUCT_PAGE
  const pciIo = sized(vmemmapEnd + 8n * MIB, 16n * MIB)
  return [
    kernelRegion(
      'direct map',
      'PAGE_OFFSET',
      pageOffset,
      pageEnd,
      'RAM from memstart_addr on; at most',
    ),
    kernelRegion('modules', 'MODULES_VADDR', modules.start, modules.end, '2 GiB since Linux 6.5'),
    kernelRegion(
      'vmalloc',
      'VMALLOC_START',
      modules.end,
      vmemmap - 8n * MIB,
      'also the kernel image, at KIMAGE_VADDR without KASLR: its start',
    ),
    kernelRegion(
      'vmemmap',
      'VMEMMAP_START',
      vmemmap,
      vmemmapEnd,
      'a struct page for each page of RAM',
    ),
    kernelRegion('PCI I/O', 'PCI_IO_START', pciIo.start, pciIo.end, 'I/O ports of PCI'),
    {
      name: 'fixmap',
      kind: 'kernel',
      start: pciIo.end,
      end: TOP - 8n * MIB,
      how: 'grows down from its end, FIXADDR_TOP',
    },
  ]
}
