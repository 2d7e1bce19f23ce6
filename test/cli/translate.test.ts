import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { describeLive } from '../support/live.js'
import { OwnMemory, PAGE } from '../support/own_memory.js'
import { pagemapEntry, readPagemap, readWords } from '../support/pagemap.js'
import { failure, json, output } from './ksight.js'

interface Apart {
  readonly canonical: boolean
  readonly half: string
  readonly parts: readonly { name: string; bits: [number, number]; value: number | string }[]
}

describe('translate --mode', () => {
  test('draws a 32-bit address as PGD, PT and offset', () => {
    expect(output('translate', '--mode', 'x86-32', '0xc0101abc')).toBe(
      [
        '0xc0101abc: an address (x86-32, 2 levels)',
        '',
        ' 31      22 21      12 11         0',
        '┌──────────┬──────────┬────────────┐',
        '│1100000000│0100000001│101010111100│',
        '└──────────┴──────────┴────────────┘',
        '    PGD        PTE        offset',
        '    768        257        0xabc',
        '',
      ].join('\n'),
    )
  })

  // The widths of Documentation/arch/x86/x86_64/5level-paging.rst and Documentation/arch/arm64/memory.rst.
  test.each([
    ['x86-32-pae', 'ffffffff', [2, 9, 9, 12]],
    ['x86-64', '7fffffffffff', [16, 9, 9, 9, 9, 12]],
    ['x86-64-la57', 'ffffff8000000000', [7, 9, 9, 9, 9, 9, 12]],
    ['arm64-4k-39', 'ffffffc000000000', [25, 9, 9, 9, 12]],
    ['arm64-4k-48', 'ffff000000000000', [16, 9, 9, 9, 9, 12]],
    ['arm64-16k-47', '0', [17, 11, 11, 11, 14]],
    ['arm64-64k-42', '0', [22, 13, 13, 16]],
    ['arm64-64k-52', 'fff0000000000000', [12, 10, 13, 13, 16]],
  ] as const)('takes an address of %s apart', (mode, address, widths) => {
    const { parts } = json<Apart>('translate', '--mode', mode, address)
    expect(parts.map(({ bits: [from, to] }) => from - to + 1)).toEqual(widths)
    const whole = parts.reduce((sum, { bits, value }) => {
      return sum | (BigInt(value) << BigInt(bits[1]))
    }, 0n)
    expect(whole).toBe(BigInt(`0x${address}`))
  })

  test('tells canonical addresses from others', () => {
    const halves = (mode: string, ...addresses: string[]) => {
      return addresses.map((address) => json<Apart>('translate', '--mode', mode, address).half)
    }
    expect(halves('x86-64', '7fffffffffff', '800000000000', 'ffff7fffffffffff')).toEqual([
      'lower',
      'hole',
      'hole',
    ])
    expect(halves('x86-64', 'ffff800000000000')).toEqual(['upper'])
    expect(halves('x86-64-la57', '800000000000', 'ff00000000000000')).toEqual(['lower', 'upper'])
  })

  test('wrong usage is told in one line', () => {
    expect(failure(['translate', '--mode', 'x86-65', '0'], 2)).toMatch(
      /unknown paging mode "x86-65": there are x86-32, .*: did you mean x86-64/,
    )
    expect(failure(['translate', '--mode', 'x86-32', '100000000'], 2)).toMatch(/32 bits/)
    expect(failure(['translate', '--mode', 'x86-32', '0x12z'], 2)).toMatch(/wrong address "0x12z"/)
    expect(failure(['translate', '--mode', 'x86-32', '-p', '1', '0'], 2)).toMatch(/--mode with -p/)
    expect(failure(['translate'], 2)).toMatch(/no address/)
    expect(failure(['translate', '--all'], 2)).toMatch(/add -p PID/)
    expect(failure(['translate', '--all', '-p', '1', '0'], 2)).toMatch(/--all with an address/)
  })
})

describeLive('translate', () => {
  test('walks to where pagemap has the page', () => {
    const memory = OwnMemory.map(2 * PAGE)
    memory.write(0, 1)
    const address = `0x${(memory.start + 0x123n).toString(16)}`
    const found = json<{ pfn: string; physical: string; steps: { level: string }[] }>(
      'translate',
      '-p',
      String(process.pid),
      address,
    )
    const { pfn } = pagemapEntry(readPagemap(process.pid, memory.start, 1)[0]!)
    expect(BigInt(found.pfn)).toBe(pfn)
    expect(BigInt(found.physical)).toBe((pfn << 12n) + 0x123n)
    expect(found.steps.at(-1)!.level).toBe('PTE')
  })

  test('names the symbol at a kernel address, and where the image is', () => {
    const line = readFileSync('/proc/kallsyms', 'utf8').match(/^(\w+) T schedule$/m)!
    const text = output('translate', line[1]!)
    expect(text).toMatch(/a kernel address, canonical/)
    expect(text).toMatch(/^place {5}schedule$/m)
    expect(text).toMatch(/^physical {2}0x[0-9a-f]+, PFN 0x[0-9a-f]+, in a page of (2 MiB|4 KiB)$/m)
    expect(text).toMatch(/^holds {5}reserved/m)
  })

  test('what cannot be translated is told in one line', () => {
    expect(failure(['translate', '0x1000'], 2)).toMatch(/no process given: .*: add -p PID/)
    expect(failure(['translate', '-p', '4194305', '0x1000'], 1)).toMatch(/no task 4194305/)
    expect(failure(['translate', '-p', '2', '--all'], 1)).toMatch(/kthreadd has no mm/)
  })

  test('a kernel thread has no user addresses', () => {
    expect(output('translate', '-p', '2', '1000')).toMatch(/kthreadd\) is a kernel thread/)
  })

  test('finds every process that maps a page', () => {
    // Of the C library, and of this process alone.
    const line = readFileSync('/proc/self/maps', 'utf8').match(/^(\w+)-\w+ r-xp .*libc\.so/m)!
    const memory = OwnMemory.map(PAGE)
    memory.write(0, 1)
    interface Found {
      mappers: { pid: number; address: string }[]
      pfn: string
    }
    const look = (address: string) => {
      return json<Found>('translate', '-p', String(process.pid), '--rmap', address)
    }
    const own = `0x${memory.start.toString(16)}`
    expect(look(own).mappers).toMatchObject([{ pid: process.pid, address: own }])
    // Others come and go: a moment is needed in which they do not.
    const agree = Array.from({ length: 10 }, () => {
      const count = () => readWords('/proc/kpagecount', BigInt(pfn), 1)[0]!
      const { pfn } = look(`0x${line[1]}`)
      const before = count()
      const { mappers } = look(`0x${line[1]}`)
      expect(mappers).toContainEqual(expect.objectContaining({ pid: process.pid }))
      // ksight itself has the page mapped while it looks.
      return Number(before) === mappers.length - 1 && before === count()
    })
    expect(agree).toContain(true)
  })

  test('sums up the process', () => {
    const all = json<{ pid: number; resident: number; tables: { level: string }[] }>(
      'translate',
      '-p',
      String(process.pid),
      '--all',
    )
    expect(all.pid).toBe(process.pid)
    expect(all.tables.map(({ level }) => level).at(-1)).toBe('PTE')
    const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))!
    // This process runs, and grows and shrinks.
    expect(Math.abs(all.resident / 1024 - Number(kib))).toBeLessThan(Number(kib) / 2)
  })
})
