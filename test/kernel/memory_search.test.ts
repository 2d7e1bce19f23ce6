import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InconsistentError, NotFoundError, UnsupportedError } from '../../src/errors.js'
import { findBtf } from '../../src/kernel/find_btf.js'
import { kernelImageMap } from '../../src/kernel/image_map.js'
import { findVmcoreinfo, searchVmcoreinfo } from '../../src/kernel/search_vmcoreinfo.js'
import { Vmcoreinfo } from '../../src/kernel/vmcoreinfo.js'
import { openLive } from '../../src/live/open_live.js'
import { readBytes } from '../../src/memory/memory.js'
import { BytesMemory } from '../support/bytes_memory.js'
import { rangeOf } from '../support/image_memory.js'
import { describeLive } from '../support/live.js'

const START = 0xffffffff82000000n

describeLive('the running kernel', () => {
  test('has its page tables where VMCOREINFO leads to', () => {
    using kernel = openLive()
    const { pageTable } = kernelImageMap(kernel.vmcoreinfo)
    const byImage = readBytes(kernel.uncached, kernel.vmcoreinfo.symbol('swapper_pg_dir')!, 4096)
    const byDirectMap = readBytes(kernel.uncached, kernel.pageOffset + pageTable, 4096)
    expect(byDirectMap.some((byte) => byte !== 0)).toBe(true)
    expect(Buffer.compare(byImage, byDirectMap)).toBe(0)
  })

  test('has in its memory the BTF that sysfs shows', () => {
    using kernel = openLive()
    const start = kernel.symbols.get('_etext').address
    const range = { start, end: start + (64n << 20n) }
    const { bytes, how } = findBtf(kernel.uncached, () => undefined, range)
    expect(how).toBe('by its header')
    expect(Buffer.compare(bytes, readFileSync('/sys/kernel/btf/vmlinux'))).toBe(0)
    expect(() => findBtf(kernel.uncached, () => undefined)).toThrow(NotFoundError)
  })
})

describe('page tables of arm64', () => {
  // As ARM64_VA_BITS and PGTABLE_LEVELS are paired in the kernel's Kconfig.
  test.each([
    [4096, 39, 3],
    [4096, 48, 4],
    [4096, 52, 5],
    [16384, 36, 2],
    [16384, 47, 3],
    [16384, 48, 4],
    [65536, 42, 2],
    [65536, 48, 3],
    [65536, 52, 3],
  ])('pages of %i bytes and %i bits of addresses take %i levels', (pageSize, bits, levels) => {
    const voffset = 0xffff7fffc8000000n
    const lines = [
      `PAGESIZE=${pageSize}`,
      'SYMBOL(swapper_pg_dir)=ffff80000a1b2000',
      `NUMBER(VA_BITS)=52`,
      `NUMBER(kimage_voffset)=0x${voffset.toString(16)}`,
      `NUMBER(TCR_EL1_T1SZ)=0x${(64 - bits).toString(16)}`,
    ]
    expect(kernelImageMap(new Vmcoreinfo(lines.join('\n')))).toEqual({
      machine: 'aarch64',
      virtualOffset: voffset,
      pageTable: 0x421b2000n,
      levels,
      addressBits: bits,
      pageSize,
      encryptionMask: 0n,
    })
  })

  test('are not made up', () => {
    expect(() => kernelImageMap(new Vmcoreinfo('OSRELEASE=6.1\n'))).toThrow(UnsupportedError)
    const without = 'NUMBER(phys_base)=-2097152\n'
    expect(() => kernelImageMap(new Vmcoreinfo(without))).toThrow(/swapper_pg_dir or init_top_pgt/)
    const odd = 'NUMBER(kimage_voffset)=1\nNUMBER(VA_BITS)=48\nPAGESIZE=0\n'
    expect(() => kernelImageMap(new Vmcoreinfo(odd))).toThrow(/pages of 0 bytes/)
  })
})

describe('hostile memory', () => {
  test('that claims more RAM than it has is given up', () => {
    const memory = new BytesMemory(0n, new Uint8Array(1 << 20))
    const claimed = [{ address: 0n, length: 1n << 62n }]
    expect(() => findVmcoreinfo(memory, claimed)).toThrow(InconsistentError)
  })

  test('full of what looks like VMCOREINFO gives no kernel', () => {
    const page = new Uint8Array(4096)
    const lines = fc.constantFrom(
      'OSRELEASE=6.1.0',
      'PAGESIZE=4096',
      'NUMBER(phys_base)=0',
      'NUMBER(phys_base)=-9223372036854775808',
      'NUMBER(kimage_voffset)=0xffffffffffffffff',
      'SYMBOL(init_uts_ns)=ffffffff80000000',
      'SYMBOL(init_uts_ns)=ffffffffffffffff',
      'SYMBOL(swapper_pg_dir)=ffffffff80001000',
      'OFFSET(uts_namespace.name)=0',
      'OFFSET(uts_namespace.name)=1e300',
    )
    fc.assert(
      fc.property(fc.array(lines), (text) => {
        page.fill(0)
        page.set(new TextEncoder().encode(['OSRELEASE=6', ...text].join('\n')).subarray(0, 4095))
        const memory = new BytesMemory(0n, Uint8Array.from([...page, ...page]))
        for (const { fits } of searchVmcoreinfo(memory, [{ address: 0n, length: 8192n }])) {
          expect(fits).not.toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('full of what looks like BTF is not searched for long', () => {
    const memory = new BytesMemory(START, new Uint8Array(1 << 22))
    const header = Uint32Array.of(0x1eb9f, 24, 0, 4096, 4096, 2 ** 20)
    for (let at = 0; at < memory.bytes.length; at += 24) {
      memory.bytes.set(new Uint8Array(header.buffer).subarray(0, memory.bytes.length - at), at)
    }
    const start = performance.now()
    expect(() => findBtf(memory, () => undefined, rangeOf(memory))).toThrow(NotFoundError)
    expect(performance.now() - start).toBeLessThan(10_000)
  })
})
