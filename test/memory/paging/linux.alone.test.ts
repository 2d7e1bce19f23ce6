import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boot } from '../../../lab/boot.mjs'
import type { Vm } from '../../../lab/vm.mjs'
import { readBytes } from '../../../src/memory/memory.js'
import { forEachMapping, type Mapping } from '../../../src/memory/paging/mappings.js'
import { PagedMemory } from '../../../src/memory/paging/paged_memory.js'
import {
  kernelToUserPgd,
  rootOfRegister,
  userToKernelPgd,
} from '../../../src/memory/paging/root.js'
import { walk } from '../../../src/memory/paging/walk.js'
import { x86_64 } from '../../../src/memory/paging/x86.js'
import { describeLab } from '../../support/lab.js'
import { compile } from '../../support/program.js'
import { FileMemory } from './bare_machine.js'
import { type Page, pagesOf, parseTlb } from './info_tlb.js'

const KERNELS = [
  { kernel: '6.1', la57: false, pti: true },
  { kernel: '6.1', la57: true, pti: false },
  { kernel: '6.12', la57: false, pti: false },
  { kernel: '6.12', la57: true, pti: true },
] as const

/** With less than 512 MiB for itself Linux does without transparent huge pages. */
const MEMORY = 640 * 2 ** 20

describeLab('page tables of Linux', () => {
  describe.each(KERNELS)('Debian’s $kernel, 5-level paging: $la57, isolation: $pti', (options) => {
    const { kernel, la57, pti } = options
    const mode = x86_64(la57 ? 5 : 4, { protNone: true })
    let vm: Vm
    let fd: number
    let ram: FileMemory
    let root: bigint
    /** Of the process that spins. */
    let pagemap: Map<bigint, bigint>
    /** Of 64 pages that it may not touch any more. */
    let noAccess: bigint
    let banner: bigint
    let version: string

    beforeAll(async () => {
      const commandLine = `pti=${pti ? 'on' : 'off'}`
      vm = await boot({ kernel, la57, cpus: 1, memory: `${MEMORY / 2 ** 20}M`, commandLine })
      const symbol = await output('grep', '-m1', '-w', 'linux_banner', '/proc/kallsyms')
      banner = BigInt(`0x${symbol.split(' ')[0]}`)
      version = await output('cat', '/proc/version')
      const spin = `setsid ${compile('protections')} </dev/null >/tmp/spinning 2>&1 & echo $!`
      const pid = (await output('sh', '-c', spin)).trim()
      while ((await output('cat', '/tmp/spinning')) === '') await sleep(200)
      noAccess = BigInt(await output('cat', '/tmp/spinning'))
      pagemap = parsePagemap(await output('node', join(import.meta.dirname, 'pagemap.mjs'), pid))
      root = await stopInUserMode()
      fd = openSync(vm.ram, 'r')
      ram = new FileMemory(fd, 0, MEMORY)
    })
    afterAll(async () => {
      if (fd !== undefined) closeSync(fd)
      await vm?.[Symbol.asyncDispose]()
    })

    async function output(command: string, ...args: string[]): Promise<string> {
      const { exitCode, stdout, stderr } = await vm.run(command, args)
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      return stdout
    }

    const monitor = (line: string): Promise<string> => {
      return vm.qmp('human-monitor-command', { 'command-line': line })
    }

    /** Stops the machine where its processor spins, and gives the root that it has there. */
    async function stopInUserMode(): Promise<bigint> {
      for (let i = 0; i < 100; i++) {
        await vm.qmp('stop')
        const registers = await monitor('info registers')
        if (registers.includes('CPL=3')) {
          const [, cr3] = /CR3=([0-9a-f]+)/.exec(registers) ?? []
          return rootOfRegister(mode, BigInt(`0x${cr3}`))
        }
        await vm.qmp('cont')
        await sleep(50)
      }
      throw new Error('the processor is never in user mode')
    }

    test('everything that is mapped is what QEMU lists', async () => {
      const theirs = parseTlb(await monitor('info tlb'))
      const skipped: unknown[] = []
      const found: Mapping[] = []
      for (const mapping of forEachMapping(mode, ram, root, 0n, 2n ** 64n, (s) =>
        skipped.push(s),
      )) {
        found.push(mapping)
      }
      expect(skipped).toEqual([])
      const pages = found.filter(({ accessible }) => accessible).flatMap(pagesOf)
      expect(pages.length).toBe(theirs.length)
      const differ = pages.findIndex((page, i) => !same(page, theirs[i]!))
      expect({ ours: pages[differ], theirs: theirs[differ] }).toEqual({})
    })

    test('pages of a process are where /proc/PID/pagemap has them', () => {
      const memory = new PagedMemory(ram, mode, root)
      // 8 MiB of large pages, and more.
      expect(pagemap.size).toBeGreaterThan(2048)
      const wrong = [...pagemap].filter(([page, pfn]) => {
        return memory.translate(page << 12n) !== pfn << 12n
      })
      expect(wrong.slice(0, 10)).toEqual([])
      const sizes = new Set<number>()
      for (const page of pagemap.keys()) {
        const { end } = walk(mode, ram, root, page << 12n)
        expect(end).toMatchObject({ kind: 'page' })
        if (end.kind === 'page') sizes.add(end.pageSize)
      }
      expect(sizes).toEqual(new Set([4096, 2 ** 21]))
    })

    test('pages without any access are where Linux keeps them', () => {
      const memory = new PagedMemory(ram, mode, root)
      for (let i = 0n; i < 64n; i++) {
        const at = noAccess + i * 4096n
        expect(readBytes(memory, at, 2)).toEqual(Uint8Array.of(Number(i), 0xa5))
        const { end } = walk(mode, ram, root, at)
        expect(end).toMatchObject({ kind: 'page', accessible: false, pageSize: 4096 })
        const asProcessor = walk(x86_64(la57 ? 5 : 4), ram, root, at).end
        expect(asProcessor).toMatchObject({ kind: 'not present', level: 'PTE' })
      }
      const found = [...forEachMapping(mode, ram, root, noAccess, noAccess + 64n * 4096n)]
      const bytes = found.reduce(
        (sum, { length, accessible }) => sum + (accessible ? 0n : length),
        0n,
      )
      expect(bytes).toBe(64n * 4096n)
    })

    test('reads over the borders of pages give what QEMU reads', async () => {
      const memory = new PagedMemory(ram, mode, root)
      const runs = [...forEachMapping(mode, ram, root)].filter(
        ({ physical, length, accessible }) => {
          return accessible && physical + length <= BigInt(MEMORY)
        },
      )
      const borders = runs.filter(({ virtual, length, pageSize }, i) => {
        const next = runs[i + 1]
        return pageSize === 4096 && next?.virtual === virtual + length
      })
      const some = borders.filter((_, i) => i % Math.ceil(borders.length / 100) === 0)
      expect(some.length).toBeGreaterThan(10)
      const ranges = some.map(({ virtual, length }) => {
        return { address: virtual + length - 100n, length: 1000 }
      })
      const gathered = memory.gather(ranges)
      for (const [i, { address, length }] of ranges.entries()) {
        const theirs = new Uint8Array(await vm.readMemory(address, length))
        expect(readBytes(memory, address, length)).toEqual(theirs)
        expect(gathered[i]).toEqual(theirs)
      }
    })

    test('the table of a process has the kernel, or its copy has', () => {
      const whole = pti ? userToKernelPgd(root) : root
      const bytes = readBytes(new PagedMemory(ram, mode, whole), banner, version.length)
      expect(new TextDecoder().decode(bytes)).toBe(version)
      if (!pti) return
      expect(kernelToUserPgd(whole)).toBe(root)
      expect(new PagedMemory(ram, mode, root).translate(banner)).toBeUndefined()
    })
  })
})

function parsePagemap(text: string): Map<bigint, bigint> {
  const lines = text.matchAll(/^(\w+) (\w+)$/gm)
  return new Map(Array.from(lines, ([, page, pfn]) => [BigInt(`0x${page}`), BigInt(`0x${pfn}`)]))
}

function same(a: Page, b: Page): boolean {
  return a.virtual === b.virtual && a.physical === b.physical && a.flags === b.flags
}
