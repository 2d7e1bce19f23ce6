import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { readElf } from '../../src/elf/elf.js'
import { KsightError, NotFoundError } from '../../src/errors.js'
import { findKallsyms, searchKallsyms } from '../../src/kernel/find_kallsyms.js'
import { type KallsymsPlaces, readKallsyms } from '../../src/kernel/read_kallsyms.js'
import { openLive } from '../../src/live/open_live.js'
import { readBytes } from '../../src/memory/memory.js'
import { cString } from '../../src/object/c_string.js'
import type { KallsymsTables } from '../../src/symbols/kallsyms_tables.js'
import { Symbols } from '../../src/symbols/symbols.js'
import { BytesMemory } from '../support/bytes_memory.js'
import { canFetchKernels, debianVmlinux } from '../support/debian_kernel.js'
import { debianRodata, rangeOf } from '../support/image_memory.js'
import {
  baseFirst,
  firstTables,
  type Layout,
  placeRelative,
  type Tables,
} from '../support/kallsyms_layouts.js'
import { describeLive } from '../support/live.js'

/** Enough for a few markers. */
const FEW = 3000

describeLive('the running kernel', () => {
  test('has in its memory what /proc/kallsyms prints of the image', () => {
    using kernel = openLive()
    const printed = readFileSync('/proc/kallsyms', 'latin1').split('\n')
    const ofImage = printed.filter((line) => line !== '' && !line.includes('\t'))
    const named = findKallsyms(kernel.uncached, { vmcoreinfo: kernel.vmcoreinfo })
    expect(named.checked).toContain('as VMCOREINFO says')
    expect(linesOf(named.value).join('\n')).toBe(ofImage.join('\n'))

    const start = kernel.symbols.get('_etext').address
    const range = { start, end: start + (64n << 20n) }
    const { value } = findKallsyms(kernel.uncached, { range })
    expect(value.addresses).toEqual(named.value.addresses)
    expect(linesOf(value).join('\n')).toBe(ofImage.join('\n'))
  })
})

describe.skipIf(!canFetchKernels)('kernels that do not run (apt)', () => {
  describe.each(['6.1', '6.12'] as const)('Debian’s %s', (version) => {
    let tables: KallsymsTables
    beforeAll(async () => {
      const memory = await debianRodata(version)
      tables = findKallsyms(memory, { range: rangeOf(memory) }).value
    })

    test('every exported symbol is where the file’s table of exports says', async () => {
      const symbols = new Symbols(tables)
      const exports = exportsOf(await debianVmlinux(version))
      expect(exports.length).toBeGreaterThan(5000)
      const missing = exports.filter(({ name, value }) => {
        return !Array.from(symbols.findAll(name), ({ address }) => address).includes(value)
      })
      expect(missing).toEqual([])
    })

    test('symbols mark the sections of the file', async () => {
      const symbols = new Symbols(tables)
      const elf = readElf(await debianVmlinux(version), 'vmlinux')
      const btf = elf.section('.BTF')!
      expect(symbols.get('_text').address).toBe(elf.section('.text')!.addr)
      expect(symbols.get('__start_BTF').address).toBe(btf.addr)
      expect(symbols.get('__stop_BTF').address).toBe(btf.addr + btf.size)
      expect(symbols.get('__end_rodata').address).toBeGreaterThan(btf.addr)
      expect(symbols.get('__per_cpu_start')).toMatchObject({ address: 0n, type: 'A' })
    })

    test('a name is found by the order of the names as by a look at all of them', () => {
      const all = new Map<string, number[]>()
      for (let i = 0; i < tables.addresses.length; i++) {
        const name = tables.nameAt(i)
        all.set(name, [...(all.get(name) ?? []), i])
      }
      const wrong = [...all].filter(([name, positions]) => {
        return tables.positionsOf(name)?.join() !== positions.join()
      })
      expect(wrong).toEqual([])
      expect(tables.positionsOf('no_such_symbol')).toEqual([])
    })
  })

  describe('tables in other arrangements', () => {
    let tables: Tables
    let whole: KallsymsTables
    beforeAll(async () => {
      const memory = await debianRodata('6.1')
      const [places] = searchKallsyms(memory, rangeOf(memory))
      whole = readKallsyms(memory, places!)
      tables = firstTables(memory, places!, whole, FEW)
    })

    const START = 0xffffffff82000000n
    const layouts: [name: string, make: (tables: Tables) => Layout][] = [
      ['as newer kernels have them', (of) => placeRelative(of, START)],
      ['as Linux 6.2 had them', (of) => baseFirst(of, START, true)],
      ['as Linux 5.19 had them', (of) => baseFirst(of, START, false)],
    ]

    test.each(layouts)('%s', (_, make) => {
      const { memory, places } = make(ofText(tables))
      expect([...searchKallsyms(memory, rangeOf(memory))]).toEqual([places])
      const found = readKallsyms(memory, places)
      expect(found.addresses).toEqual(ofText(tables).addresses)
      const symbols = new Symbols(found)
      for (let i = 0; i < FEW; i++) {
        expect(found.nameAt(i)).toBe(whole.nameAt(i))
        const all = Array.from(symbols.findAll(whole.nameAt(i)), ({ address }) => address)
        expect(all).toContain(found.addresses[i])
      }
    })

    test('without their base, as in a file that is not relocated yet, are refused', () => {
      for (const withOrder of [true, false]) {
        const { memory, places } = baseFirst(ofText(tables), START, withOrder)
        memory.view.setBigUint64(Number(places.relative_base! - START), 0n, true)
        expect([...searchKallsyms(memory, rangeOf(memory))]).toEqual([])
      }
    })

    test.each(layouts)('%s, damaged, are read or refused', (_, make) => {
      const { memory, places } = make(ofText(tables))
      const interesting = Object.values(places).flatMap((at) => {
        return at === undefined ? [] : Number(at - START)
      })
      const place = fc.oneof(
        fc.nat(memory.bytes.length - 1),
        fc
          .tuple(fc.constantFrom(...interesting), fc.integer({ min: -16, max: 16 }))
          .map(([at, by]) => Math.max(0, at + by)),
      )
      const changes = fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 6 })
      const length = fc.oneof(fc.constant(memory.bytes.length), place)
      fc.assert(
        fc.property(changes, length, (changed, cut) => {
          const bytes = memory.bytes.slice(0, cut)
          for (const [at, value] of changed) if (at < cut) bytes[at] = value
          useOrRefuse(new BytesMemory(START, bytes), places)
        }),
        { numRuns: 1500 },
      )
    })

    test.each([
      ['tokens', fullOf((at) => (Math.floor(at / 2) % 10) + 0x30, 2)],
      ['markers', fullOf((at) => (Math.floor(at / 4) % 1000) * 600, 4)],
    ])('memory full of what looks like %s is searched no longer than any other', (_, fill) => {
      const memory = new BytesMemory(START, new Uint8Array(16 << 20))
      fill(memory.view)
      // A table of tokens behind it all, so that what is before it is looked at.
      const tokens = [...tables.tokenTable, ...tables.tokenIndex]
      memory.bytes.set(tokens, memory.bytes.length - tokens.length - 16)
      const start = performance.now()
      expect([...searchKallsyms(memory, rangeOf(memory))]).toEqual([])
      expect(performance.now() - start).toBeLessThan(10_000)
    })

    test('memory without any is refused', () => {
      const memory = new BytesMemory(START, new Uint8Array(1 << 20))
      expect(() => findKallsyms(memory, { range: rangeOf(memory) })).toThrow(NotFoundError)
      expect(() => findKallsyms(memory, {})).toThrow(NotFoundError)
    })
  })
})

function linesOf(tables: KallsymsTables): string[] {
  return Array.from(tables.addresses, (address, i) => {
    return `${address.toString(16).padStart(16, '0')} ${tables.typeAt(i)} ${tables.nameAt(i)}`
  })
}

/** The same names with addresses as in a kernel that has no per-CPU variables among them. */
function ofText(tables: Tables): Tables {
  const addresses = tables.addresses.map((_, i) => 0xffffffff81000000n + BigInt(48 * i))
  return { ...tables, addresses }
}

/** Uses everything; only ksight's own errors are allowed. */
function useOrRefuse(memory: BytesMemory, places: KallsymsPlaces): void {
  attempt(() => useAll(readKallsyms(memory, places)))
  attempt(() => useAll(findKallsyms(memory, { range: rangeOf(memory) }).value))
}

function useAll(tables: KallsymsTables): void {
  const symbols = new Symbols(tables)
  for (let i = 0; i < tables.addresses.length; i += 97) {
    const name = tables.nameAt(i)
    expect(name.length).toBeLessThan(512)
    tables.typeAt(i)
    symbols.find(name)
    symbols.nearest(tables.addresses[i]!)
  }
}

/** Fills memory with little-endian numbers of some bytes each. */
function fullOf(value: (at: number) => number, size: 2 | 4) {
  return (view: DataView) => {
    for (let at = 0; at < view.byteLength; at += size) {
      if (size === 2) view.setUint16(at, value(at), true)
      else view.setUint32(at, value(at), true)
    }
  }
}

function attempt(use: () => void): void {
  try {
    use()
  } catch (error) {
    if (!(error instanceof KsightError)) throw error
  }
}

/** `struct kernel_symbol` of the sections that EXPORT_SYMBOL() and EXPORT_SYMBOL_GPL() fill. */
function exportsOf(vmlinux: Uint8Array): { name: string; value: bigint }[] {
  const elf = readElf(vmlinux, 'vmlinux')
  const strings = elf.section('__ksymtab_strings')!
  const names = new BytesMemory(strings.addr, elf.sectionBytes(strings))
  return ['__ksymtab', '__ksymtab_gpl'].flatMap((section) => {
    const { addr } = elf.section(section)!
    const bytes = elf.sectionBytes(section)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const target = (at: number) => {
      return BigInt.asUintN(64, addr + BigInt(at) + BigInt(view.getInt32(at, true)))
    }
    return Array.from({ length: bytes.length / 12 }, (_, i) => {
      const name = target(12 * i + 4)
      const most = Math.min(256, Number(strings.addr + strings.size - name))
      return { name: cString(readBytes(names, name, most)), value: target(12 * i) }
    })
  })
}
