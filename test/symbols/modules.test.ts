import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { moduleAreas } from '../../src/symbols/areas.js'
import { parseKallsyms } from '../../src/symbols/kallsyms_text.js'
import { Symbols } from '../../src/symbols/symbols.js'
import { canFetchKernels, debianModule } from '../support/debian_kernel.js'
import { hasTools } from '../support/tools.js'

const directory = mkdtempSync(join(tmpdir(), 'ksight-symbols-'))
afterAll(() => rmSync(directory, { recursive: true }))

const KERNEL = `\
0000000000000000 A fixed_percpu_data
ffffffff81000000 T _stext
ffffffff81000000 W weak_alias
ffffffff81000040 t shared
ffffffff81200000 T _etext
ffffffff82000000 B _end
`

/** Functions of overlay.ko as the kernel lists them, unsorted, had it loaded the module at `base`. */
async function overlayAt(base: bigint): Promise<{ text: string; size: number }> {
  const path = join(directory, 'overlay.ko')
  writeFileSync(path, await debianModule('6.1', 'overlay'))
  const section = execFileSync('readelf', ['-SW', path], { encoding: 'utf8' })
  const [, index, size] = /\[ *(\d+)\] \.text +PROGBITS +\S+ \S+ (\S+)/.exec(section)!
  const symbols = execFileSync('readelf', ['-sW', path], { encoding: 'utf8' })
  const functions = new RegExp(`: (\\S+) +\\d+ FUNC +(LOCAL|GLOBAL) +\\S+ +${index} (\\S+)$`, 'gm')
  const lines = Array.from(symbols.matchAll(functions), ([, value, bind, name]) => {
    const address = (base + BigInt(`0x${value}`)).toString(16)
    return `${address} ${bind === 'LOCAL' ? 't' : 'T'} ${name}\t[overlay]\n`
  })
  return { text: lines.join(''), size: Number.parseInt(size!, 16) }
}

const canRun = canFetchKernels && hasTools('readelf')

test.skipIf(!canRun)(
  'module symbols carry their module and end with it (apt, readelf)',
  async () => {
    const base = 0xffffffffc0400000n
    const { text, size } = await overlayAt(base)
    const modules = moduleAreas(
      `overlay ${size} 2 - Live 0x${base.toString(16)}\next4 999424 1 mbcache,jbd2, Live 0x0 (E)\n`,
    )
    const bpf = `ffffffffc0800000 t bpf_prog_6deef7357e7b4530\t[bpf]\n`
    const symbols = new Symbols(parseKallsyms(KERNEL + text + bpf), modules)

    // nm sorts by address, so that the last line is the last function.
    const lines = execFileSync('sort', { input: text, encoding: 'utf8' }).trimEnd().split('\n')
    for (const [i, line] of lines.entries()) {
      const address = BigInt(`0x${line.slice(0, 16)}`)
      const next = lines[i + 1]
      const end = next === undefined ? base + BigInt(size) : BigInt(`0x${next.slice(0, 16)}`)
      if (end === address) continue
      const found = symbols.nearest(end - 1n)
      expect(found?.symbol).toMatchObject({ address, module: 'overlay' })
      expect(found?.offset).toBe(Number(end - address) - 1)
    }
    expect(symbols.nearest(base + BigInt(size))).toBeUndefined()
    expect(symbols.nearest(base - 1n)).toBeUndefined()
    expect(symbols.find('ovl_fill_super')?.module).toBe('overlay')
    expect(symbols.find('ovl_fill_super', 'overlay')?.type).toBe('t')
    expect(() => symbols.get('_stext', 'overlay')).toThrow('no symbol _stext in module overlay')
    expect(symbols.nearest(0xffffffffc0800010n)?.symbol.module).toBe('bpf')
    expect(symbols.nearest(0xffffffffc0900000n)).toBeUndefined()
  },
)

test('the first of several symbols at an address is preferred, as in the kernel', () => {
  const symbols = new Symbols(parseKallsyms(KERNEL))
  expect(symbols.nearest(0xffffffff81000010n)).toMatchObject({
    symbol: { name: '_stext' },
    offset: 0x10,
  })
})

test('the kernel ends with its last area, and per-CPU offsets are no addresses', () => {
  const symbols = new Symbols(parseKallsyms(KERNEL))
  expect(symbols.nearest(0xffffffff81fffff0n)?.symbol.name).toBe('_etext')
  expect(symbols.nearest(0xffffffff82000001n)).toBeUndefined()
  expect(symbols.nearest(0x40n)).toBeUndefined()
  expect(symbols.find('fixed_percpu_data')?.address).toBe(0n)
})
