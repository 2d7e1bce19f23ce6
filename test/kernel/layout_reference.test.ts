import { describe, expect, test } from 'vitest'
import { LAYOUT_MODES, SPLITS } from '../../src/kernel/layout/modes.js'
import { referenceLayout } from '../../src/kernel/layout/reference.js'
import type { Region } from '../../src/kernel/layout/region.js'

describe('the layout by the sources', () => {
  test.each(LAYOUT_MODES.flatMap((mode) => SPLITS.map((split) => ({ mode, split }))))(
    '$mode, split $split: covers all addresses, each once',
    ({ mode, split }) => {
      let at = 0n
      for (const { start, end } of referenceLayout(mode, split)) {
        expect(start).toBe(at)
        expect(end).toBeGreaterThan(start)
        at = end
      }
      expect(at).toBe(1n << (mode.startsWith('x86-32') ? 32n : 64n))
    },
  )

  // The tables of Documentation/arch/x86/x86_64/mm.rst.
  test('x86-64: as documented for 4 levels', () => {
    expect(firstAndLast(referenceLayout('x86-64'))).toMatchObject({
      'user space': '0000000000000000 00007fffffffffff',
      'non-canonical hole': '0000800000000000 ffff7fffffffffff',
      'guard hole': 'ffff800000000000 ffff87ffffffffff',
      'LDT remap': 'ffff880000000000 ffff887fffffffff',
      'direct map': 'ffff888000000000 ffffc87fffffffff',
      vmalloc: 'ffffc90000000000 ffffe8ffffffffff',
      vmemmap: 'ffffea0000000000 ffffeaffffffffff',
      'KASAN shadow': 'ffffec0000000000 fffffbffffffffff',
      cpu_entry_area: 'fffffe0000000000 fffffe7fffffffff',
      espfix: 'ffffff0000000000 ffffff7fffffffff',
      'EFI runtime': 'ffffffef00000000 fffffffeffffffff',
      vsyscall: 'ffffffffff600000 ffffffffff600fff',
    })
  })

  test('x86-64-la57: as documented for 5 levels', () => {
    expect(firstAndLast(referenceLayout('x86-64-la57'))).toMatchObject({
      'user space': '0000000000000000 00ffffffffffffff',
      'non-canonical hole': '0100000000000000 feffffffffffffff',
      'guard hole': 'ff00000000000000 ff0fffffffffffff',
      'LDT remap': 'ff10000000000000 ff10ffffffffffff',
      'direct map': 'ff11000000000000 ff90ffffffffffff',
      vmalloc: 'ffa0000000000000 ffd1ffffffffffff',
      vmemmap: 'ffd4000000000000 ffd5ffffffffffff',
      cpu_entry_area: 'fffffe0000000000 fffffe7fffffffff',
      'EFI runtime': 'ffffffef00000000 fffffffeffffffff',
    })
  })

  // The tables of Documentation/arch/arm64/memory.rst.
  test('arm64-4k-48: as documented', () => {
    expect(firstAndLast(referenceLayout('arm64-4k-48'))).toMatchObject({
      'user space': '0000000000000000 0000ffffffffffff',
      'direct map': 'ffff000000000000 ffff7fffffffffff',
      modules: 'ffff800000000000 ffff80007fffffff',
      vmalloc: 'ffff800080000000 fffffdffbf7fffff',
      vmemmap: 'fffffdffc0000000 ffffffffbfffffff',
      'PCI I/O': 'ffffffffc0800000 ffffffffc17fffff',
      fixmap: 'ffffffffc1800000 ffffffffff7fffff',
    })
  })

  test('arm64-64k-52: as documented', () => {
    expect(firstAndLast(referenceLayout('arm64-64k-52'))).toMatchObject({
      'user space': '0000000000000000 000fffffffffffff',
      'direct map': 'fff0000000000000 ffff7fffffffffff',
      modules: 'ffff800000000000 ffff80007fffffff',
      vmalloc: 'ffff800080000000 fffffc1fbf7fffff',
      vmemmap: 'fffffc1fc0000000 ffffffffbfffffff',
      fixmap: 'ffffffffc1800000 ffffffffff7fffff',
    })
  })

  // What a kernel with PAE printed when it started (it was built for other numbers of CPUs):
  //   pkmap   : 0xff800000 - 0xffa00000   (2048 kB)
  //   vmalloc : 0xf7ffe000 - 0xff7fe000   ( 120 MB)
  //   lowmem  : 0xc0000000 - 0xf77fe000   ( 887 MB)
  test('x86-32-pae: regions are as far from each other as in a kernel’s log', () => {
    const regions = referenceLayout('x86-32-pae', '3:1')
    const [lowmem, vmalloc, pkmap] = ['direct map', 'vmalloc', 'pkmap'].map((name) => {
      return regions.find((region) => region.name === name)!
    }) as [Region, Region, Region]
    expect(lowmem.start).toBe(0xc0000000n)
    expect(vmalloc.start - lowmem.end).toBe(0xf7ffe000n - 0xf77fe000n)
    expect(vmalloc.end - lowmem.end).toBe(0xff7fe000n - 0xf77fe000n)
    expect(pkmap.start - vmalloc.end).toBe(0xff800000n - 0xff7fe000n)
    expect(pkmap.end - pkmap.start).toBe(0x200000n)
  })

  test('a split gives user space so many GiB', () => {
    const ends = SPLITS.map((split) => referenceLayout('x86-32', split)[0]!.end)
    expect(ends).toEqual([3n << 30n, 2n << 30n, 1n << 30n])
  })
})

function firstAndLast(regions: readonly Region[]): Record<string, string> {
  const digits = (address: bigint) => address.toString(16).padStart(16, '0')
  return Object.fromEntries(
    regions.map(({ name, start, end }) => [name, `${digits(start)} ${digits(end - 1n)}`]),
  )
}
