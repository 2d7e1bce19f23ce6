import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openImage } from '../../src/files/open_image.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { kernelLayout, regionOf } from '../../src/kernel/layout/kernel_layout.js'
import { mappedBytes } from '../../src/kernel/layout/mapped.js'
import type { Region } from '../../src/kernel/layout/region.js'
import { output } from '../cli/ksight.js'
import { type Image, image } from '../support/images.js'
import { describeLab } from '../support/lab.js'
import { boundsByMacro, hex, theOnly } from '../support/layout_bounds.js'

const KERNELS = [
  { kernel: '6.1', la57: false },
  { kernel: '6.1', la57: true },
  { kernel: '6.12', la57: false },
  { kernel: '6.12', la57: true },
] as const

describeLab('the layout of the address space, in images', () => {
  describe.each(KERNELS)('Debian’s $kernel, 5-level paging: $la57', (options) => {
    let images: Image
    let kernel: Kernel
    let folder: string
    beforeAll(async () => {
      images = await image(options)
      kernel = openImage([images.elf])
      folder = await mkdtemp(join(tmpdir(), 'ksight-'))
    })
    afterAll(async () => {
      kernel?.[Symbol.dispose]()
      await rm(folder, { recursive: true })
    })

    test('is what the kernel’s own macros say', () => {
      const { facts } = images.truth
      const found = boundsByMacro(kernelLayout(kernel))
      expect(facts).toMatchObject(found)
    })

    test('has the sections between the linker’s symbols', () => {
      const symbols = new Map(
        Array.from(readFileSync(images.kallsyms, 'utf8').matchAll(/^(\w+) \w (\w+)$/gm), (line) => {
          return [line[2]!, BigInt(`0x${line[1]}`)] as const
        }),
      )
      const section = (name: string, first: string, end: string) => {
        expect(theOnly(kernelLayout(kernel), name)).toMatchObject({
          start: symbols.get(first),
          end: symbols.get(end),
        })
      }
      section('kernel text', '_text', '_etext')
      section('kernel rodata', '__start_rodata', '__end_rodata')
      section('kernel data', '_sdata', '_edata')
      section('kernel init', '__init_begin', '__init_end')
      section('kernel bss', '__bss_start', '__bss_stop')
      section('kernel brk', '__brk_base', '__brk_limit')
    })

    test('is found without the symbols of variables too', async () => {
      const map = join(folder, 'System.map')
      await writeFile(map, functionsAsLinked(images))
      using blind = openImage([images.elf], { systemMap: map })
      expect(blind.symbols.find('vmalloc_base')).toBeUndefined()
      const found = kernelLayout(blind)
      // Only these are known by symbols alone, and are counted among the rest of the image.
      const known = kernelLayout(kernel).filter(({ name }) => !/ (init|brk|other)$/.test(name))
      expect(found.filter(({ name }) => !name.endsWith(' other')).map(bounds)).toEqual(
        known.map(bounds),
      )
      expect(found.filter(({ how }) => how.includes('variable '))).toEqual([])
    })

    test('is not told from symbols that contradict each other', async () => {
      const map = join(folder, 'wrong.map')
      const text = functionsAsLinked(images)
      const far = 'ffffffffb0000000 T _etext'
      await writeFile(map, text.replace(/^\w+ T _etext$/m, far))
      using misled = openImage([images.elf], { systemMap: map })
      expect(() => kernelLayout(misled)).toThrow(
        /^cannot tell the layout of the address space: .* would be from 0xf+\w+ to 0xf+\w+, with /,
      )
    })

    test('covers all addresses, each once', () => {
      let at = 0n
      for (const { start, end } of kernelLayout(kernel)) {
        expect(start).toBe(at)
        expect(end).toBeGreaterThan(start)
        at = end
      }
      expect(at).toBe(1n << 64n)
    })

    test('has nothing mapped where it says that nothing is, and all RAM in the direct map', () => {
      const regions = kernelLayout(kernel)
      const unused = regions.filter(({ kind }) => kind === 'unused')
      expect(unused.length).toBeGreaterThan(6)
      const nothing = { bytes: 0n, incomplete: undefined }
      for (const each of unused) expect(mappedBytes(kernel, each)).toEqual(nothing)
      const { start, end } = theOnly(regions, 'direct map')
      expect(mappedBytes(kernel, { start, end })).toEqual({
        bytes: end - start,
        incomplete: undefined,
      })
    })

    test('has each address that the kernel walked to where it belongs', () => {
      const { walks, tasks, facts } = images.truth
      const mapped = walks.filter(({ pid, physical }) => pid === 0 && physical !== null)
      expect(mapped.length).toBeGreaterThan(150)
      for (const { address } of mapped) {
        expect(regionOf(kernel, BigInt(address))).toMatchObject({ kind: 'kernel' })
      }
      const regionAt = (address: string) => regionOf(kernel, BigInt(address)).name
      // The idle task of the first CPU is in the image, and a task that is dead has no stack.
      const others = tasks.filter(({ pid }) => pid !== 0)
      const stacks = others.flatMap(({ stack }) => stack ?? [])
      expect(others.filter(({ task }) => regionAt(task) !== 'direct map')).toEqual([])
      expect(stacks.filter((stack) => regionAt(stack) !== 'vmalloc')).toEqual([])
      expect(stacks.length).toBeGreaterThan(90)
      expect(regionOf(kernel, BigInt(`${facts.thisModule}`)).name).toBe('modules')
      expect(regionOf(kernel, BigInt(`${facts.init_task}`)).name).toBe('kernel data')
      expect(regionOf(kernel, 0n).name).toBe('user space')
      expect(regionOf(kernel, 1n << 62n).name).toBe('non-canonical hole')
    })

    test('is what the command shows', () => {
      const { regions } = JSON.parse(output('-c', images.elf, 'layout', '--json'))
      const { facts } = images.truth
      const vmalloc = regions.find(({ name }: { name: string }) => name === 'vmalloc')
      expect(BigInt(vmalloc.first)).toBe(BigInt(`${facts.VMALLOC_START}`))
      expect(BigInt(vmalloc.last)).toBe(BigInt(`${facts.VMALLOC_END}`))
      expect(vmalloc.how).toBe('variable vmalloc_base')
      const text = output('-c', images.elf, 'layout')
      for (const { first, last } of regions)
        expect(text).toMatch(new RegExp(`^${first} ${last} `, 'm'))
    })
  })
})

const bounds = ({ name, start, end }: Region) => `${hex(start)} ${hex(end)} ${name}`

/** A System.map with functions only, as a kernel without CONFIG_KALLSYMS_ALL has them. */
function functionsAsLinked({ kallsyms, truth }: Image): string {
  const lines = readFileSync(kallsyms, 'utf8').matchAll(/^(ffff\w+) ([tTwW]) (\w+)$/gm)
  const moved = BigInt(`${truth.facts.kaslr_offset}`)
  return Array.from(lines, ([, address, type, name]) => {
    const linked = BigInt(`0x${address}`) - moved
    return `${linked.toString(16).padStart(16, '0')} ${type} ${name}\n`
  }).join('')
}
