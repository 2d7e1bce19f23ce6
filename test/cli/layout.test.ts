import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeLive } from '../support/live.js'
import { failure, json, output, run } from './ksight.js'

interface Layout {
  readonly title: string
  readonly release: string | null
  readonly mode: string | null
  readonly regions: readonly {
    readonly name: string
    readonly kind: string
    readonly macro: string | null
    readonly first: string
    readonly last: string
    readonly size: number | string | null
    readonly mapped: number | string | null
    readonly incomplete: string | null
    readonly how: string
  }[]
}

const NO_ROOT = ['setpriv', '--reuid=65534', '--clear-groups', '--inh-caps=-all']

test('a mode needs no kernel, and shows it from the top down', () => {
  const { title, release, mode, regions } = json<Layout>('layout', '--mode', 'x86-32')
  expect({ title, release, mode }).toEqual({
    title: 'Linux for x86-32',
    release: null,
    mode: 'x86-32',
  })
  expect(regions.at(0)?.last).toBe('0xffffffff')
  expect(regions.at(-1)).toEqual({
    name: 'user space',
    kind: 'user',
    macro: null,
    first: '0x00000000',
    last: '0xbfffffff',
    size: 3 * 2 ** 30,
    mapped: null,
    incomplete: null,
    how: 'CONFIG_VMSPLIT_3G; TASK_SIZE',
  })
  const text = output('layout', '--mode', 'x86-32', '--split', '2:2')
  expect(text).toMatch(/^0x80000000 0x\w+ +[\d.]+ GiB direct map +PAGE_OFFSET /m)
  expect(text).toMatch(/^0x00000000 0x7fffffff +2 GiB user space +/m)
})

test.each([
  [['--mode', 'x86-31'], 'allowed choices are x86-32, x86-32-pae'],
  [['--split', '3:1'], '--split without --mode'],
  [['--mode', 'x86-64', '--split', '3:1'], 'only 32-bit kernels'],
  [['--mode', 'x86-32', '--split', '4:0'], 'allowed choices are 3:1, 2:2, 1:3'],
  [['--mode', 'x86-64', '-c', 'image'], '--mode with -c'],
])('wrong usage: %j', (args, line) => {
  expect(failure(['layout', ...args], 2)).toContain(line)
})

describeLive('the layout of the running kernel', () => {
  const regions = () => {
    const { regions } = json<Layout>('layout', '--pointers', 'raw')
    return new Map(regions.map((region) => [region.name, region]))
  }

  test('has the sections that /proc/iomem and /proc/kallsyms have', () => {
    const found = regions()
    const iomem = readFileSync('/proc/iomem', 'utf8')
    const [, stext] = /^(\S+) . _stext$/m.exec(readFileSync('/proc/kallsyms', 'utf8')) ?? []
    expect(found.get('kernel text')?.first).toBe(`0x${stext}`)
    const text = physical(iomem, 'Kernel code')
    for (const name of ['rodata', 'data', 'bss']) {
      const { start, end } = physical(iomem, `Kernel ${name}`)
      const at = BigInt(`0x${stext}`) - text.start
      expect(BigInt(found.get(`kernel ${name}`)!.first)).toBe(at + start)
      expect(BigInt(found.get(`kernel ${name}`)!.last)).toBe(at + end)
    }
  })

  test('has a direct map up to the last RAM, and all RAM mapped', () => {
    const { first, last, mapped } = regions().get('direct map')!
    const iomem = readFileSync('/proc/iomem', 'utf8')
    const ram = Array.from(iomem.matchAll(/^(\w+)-(\w+) : System RAM$/gm), ([, start, end]) => {
      return { start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) + 1n }
    })
    expect(BigInt(last) + 1n - BigInt(first)).toBe(ram.at(-1)!.end)
    const bytes = ram.reduce((sum, { start, end }) => sum + (end - start), 0n)
    expect(BigInt(mapped!)).toBeGreaterThanOrEqual((bytes * 99n) / 100n)
    expect(BigInt(mapped!)).toBeLessThanOrEqual(ram.at(-1)!.end)
  })

  test('has every kernel stack in vmalloc, every task in the direct map, and vsyscall as /proc/self/maps', () => {
    const found = regions()
    const threads = json<{ task: string; stack: string | null; pid: number }[]>(
      'threads',
      '--pointers',
      'raw',
    )
    const isIn = (name: string, address: string) => {
      const { first, last } = found.get(name)!
      return BigInt(first) <= BigInt(address) && BigInt(address) <= BigInt(last)
    }
    const others = threads.filter(({ pid }) => pid !== 0)
    expect(others.length).toBeGreaterThan(10)
    expect(others.filter(({ task }) => !isIn('direct map', task))).toEqual([])
    // A thread that is dead has none.
    const stacks = others.flatMap(({ stack }) => stack ?? [])
    expect(stacks.length).toBeGreaterThan(10)
    expect(stacks.filter((stack) => !isIn('vmalloc', stack))).toEqual([])
    const maps = readFileSync('/proc/self/maps', 'utf8')
    const [, vsyscall] = /^(\w+)-\w+ .*\[vsyscall\]$/m.exec(maps) ?? []
    if (vsyscall !== undefined) expect(found.get('vsyscall')?.first).toBe(`0x${vsyscall}`)
  })

  test('has nothing mapped where it says that nothing is', () => {
    const unused = json<Layout>('layout').regions.filter(({ kind }) => kind === 'unused')
    expect(unused.length).toBeGreaterThan(6)
    expect(unused.filter(({ mapped }) => mapped !== 0)).toEqual([])
  })

  test('says of each region how it is known', () => {
    const all = [...regions().values()]
    expect(all.filter(({ how }) => how === '')).toEqual([])
    expect(all.map(({ incomplete }) => incomplete).filter((why) => why !== null)).toEqual([])
  })

  test('hides what KASLR has drawn, also in sizes, where pointers are hidden', () => {
    const shown = json<Layout>('layout', '--pointers', 'hidden').regions
    const raw = regions()
    const secret = ['direct map', 'vmalloc', 'vmemmap', 'kernel text', 'kernel data']
    for (const region of shown) {
      if (secret.includes(region.name)) {
        expect(region).toMatchObject({ first: `0x${'0'.repeat(16)}`, last: `0x${'0'.repeat(16)}` })
        expect(JSON.stringify(shown)).not.toContain(raw.get(region.name)!.first)
      }
    }
    const sizes = shown.filter(({ kind }) => kind === 'unused').map(({ size }) => size)
    expect(sizes.filter((size) => size === null).length).toBeGreaterThanOrEqual(3)
    expect(shown.at(-1)).toMatchObject({ first: '0x0000000000000000' })
    expect(shown.find(({ name }) => name === 'guard hole')).toMatchObject({
      first: raw.get('guard hole')?.first,
    })
  })

  test('needs the right to read kernel memory, and a mode does not', () => {
    expect(failure(['layout'], 1, NO_ROOT)).toMatch(/CAP_|root/)
    const mode = run(['layout', '--mode', 'arm64-4k-39'], NO_ROOT)
    expect(mode).toMatchObject({ status: 0, stderr: '' })
    expect(mode.stdout).toMatch(/^0xffffff8000000000 0xffffffbfffffffff +256 GiB direct map /m)
  })

  test('tells with --debug how each region was found', () => {
    const { status, stderr } = run(['layout', '--debug', '--pointers', 'raw'])
    expect(status).toBe(0)
    const { first, how } = regions().get('vmalloc')!
    expect(stderr).toContain(`ksight: vmalloc ${first}: from ${how}\n`)
  })
})

function physical(iomem: string, name: string) {
  const [, start, end] = new RegExp(`^ *(\\w+)-(\\w+) : ${name}$`, 'm').exec(iomem) ?? []
  return { start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) }
}
