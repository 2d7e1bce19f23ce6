import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Dump } from '../../src/dump/dump.js'
import { openDump } from '../../src/dump/open_dump.js'
import { readElf } from '../../src/elf/elf.js'
import { FileSource } from '../../src/files/file_source.js'
import { openImage } from '../../src/files/open_image.js'
import { type KernelImageMap, kernelImageMap } from '../../src/kernel/image_map.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { forEachModule, moduleBtf } from '../../src/kernel/modules.js'
import { pagingModeOf } from '../../src/kernel/paging_mode.js'
import { listIdleTasks, listTasks, type TaskSummary } from '../../src/kernel/task_summary.js'
import { Vmcoreinfo } from '../../src/kernel/vmcoreinfo.js'
import type { PagingMode } from '../../src/memory/paging/mode.js'
import { walk } from '../../src/memory/paging/walk.js'
import { output } from '../cli/ksight.js'
import { debianBtf, debianVmlinux } from '../support/debian_kernel.js'
import { ScratchDirectory } from '../support/files.js'
import type { PsRow, TrueTask, TrueWalk } from '../support/image_truth.js'
import { type Image, image } from '../support/images.js'
import { describeLab } from '../support/lab.js'
import { Compressor, repack } from './kdump_writer.js'
import { noteSegment } from './qemu_elf.js'

const KERNELS = [
  { kernel: '6.1', la57: false },
  { kernel: '6.1', la57: true },
  { kernel: '6.12', la57: false },
  { kernel: '6.12', la57: true },
] as const

/** The latter are packed anew from the raw one: neither QEMU nor makedumpfile of Debian 12 can. */
const FORMATS = ['elf', 'kdumpZlib', 'raw', 'lzo', 'snappy', 'zstd'] as const

describeLab('memory images, with nothing besides', () => {
  describe.each(KERNELS)('Debian’s $kernel, 5-level paging: $la57', (options) => {
    let images: Image
    beforeAll(async () => {
      images = await image(options)
    })

    describe.each(FORMATS)('%s', (format) => {
      const scratch = new ScratchDirectory()
      let path: string
      let kernel: Kernel
      beforeAll(() => {
        path = pathOf(format)
        kernel = openImage([path])
      })
      afterAll(() => {
        kernel?.[Symbol.dispose]()
        scratch[Symbol.dispose]()
      })

      function pathOf(format: (typeof FORMATS)[number]): string {
        if (format === 'elf' || format === 'kdumpZlib' || format === 'raw') return images[format]
        const path = join(scratch.path, format)
        const compressor = new Compressor(scratch.path)
        writeFileSync(
          path,
          repack(readFileSync(images.raw), noteSegment(images.elf), format, compressor),
        )
        return path
      }

      test('has every task that the kernel’s own macros found, at its address', () => {
        const { tasks } = images.truth
        expect(tasks.length).toBeGreaterThan(90)
        const found = [...listIdleTasks(kernel), ...listTasks(kernel, 'threads')]
        expect(found.map(ofSummary)).toEqual(tasks.map(ofTrueTask))
      })

      test('has every task that ps showed', () => {
        // The shell that ran ps was replaced by what listed the tasks.
        const { tgid: last } = images.truth.tasks.find(({ comm }) => comm === 'last_look')!
        const found = listTasks(kernel, 'threads').map(psRowOf)
        const shown = images.truth.ps.map(comparable)
        expect(others(found, last)).toEqual(others(shown, last))
        expect(found.length).toBe(shown.length)
      })

      test('tells what the kernel knows of itself', () => {
        const { facts, modules } = images.truth
        expect(kernel.facts().filter((fact) => fact instanceof Error)).toEqual([])
        expect({
          release: kernel.release,
          PAGE_OFFSET: hex(kernel.pageOffset),
          kaslr_offset: hex(kernel.kaslrOffset),
          THREAD_SIZE: kernel.threadSize,
          offsets: kernel.cpus.map((cpu) => hex(kernel.perCpuOffset(cpu))),
          modules: [...forEachModule(kernel)].map(({ name }) => name),
        }).toEqual({
          release: facts.release,
          PAGE_OFFSET: facts.PAGE_OFFSET,
          kaslr_offset: facts.kaslr_offset,
          THREAD_SIZE: facts.THREAD_SIZE,
          offsets: facts.cpus.map(({ __per_cpu_offset: offset }) => offset),
          modules: Array.from(modules.matchAll(/^\w+/gm), ([name]) => name),
        })
      })

      test('is what the commands show', () => {
        const { tasks, dmesg } = images.truth
        const threads: TrueTask[] = JSON.parse(output('-c', path, 'threads', '--json'))
        expect(threads.map(({ task }) => BigInt(task)).sort()).toEqual(
          tasks.map(({ task }) => BigInt(task)).sort(),
        )
        expect(output('-c', path, 'log')).toBe(dmesg)
        const { pgd } = tasks.find(({ pid }) => pid === 1)!
        expect(output('-c', path, 'task', '1', 'mm.pgd')).toBe(`mm.pgd = ${pgd}\n`)
      })
    })

    describe('page tables', () => {
      let dump: Dump
      let map: KernelImageMap
      const source = () => new FileSource(images.elf)
      beforeAll(() => {
        dump = openDump(source())
        map = kernelImageMap(new Vmcoreinfo(dump.vmcoreinfo!))
      })

      test('a walk finds what the kernel’s own found, entry by entry', () => {
        const { walks, facts } = images.truth
        expect(walks.length).toBeGreaterThan(300)
        expect(map.levels).toBe(facts.pgtable_l5_enabled === 1 ? 5 : 4)
        const found = walks.map(({ pid, address }) => {
          const pgd = pid === 0 ? map.pageTable : pgdOf(pid)
          return { pid, address, ...walkAs(pagingModeOf(map), dump, pgd, BigInt(address)) }
        })
        expect(found).toEqual(walks.map(withoutMm))
      })

      test('pages of processes are where /proc/PID/pagemap said', () => {
        const { pagemap } = images.truth
        expect(pagemap.length).toBeGreaterThan(100)
        const found = pagemap.map(({ pid, address }) => {
          const { end } = walk(pagingModeOf(map, true), dump.physical, pgdOf(pid), BigInt(address))
          return { pid, address, pfn: end.kind === 'page' ? Number(end.physical >> 12n) : null }
        })
        expect(found).toEqual(pagemap)
      })

      function pgdOf(pid: number): bigint {
        return BigInt(images.truth.tasks.find((task) => task.pid === pid)!.pgdPhysical!)
      }
    })

    describe('symbols and types', () => {
      let kernel: Kernel
      beforeAll(() => {
        kernel = openImage([images.elf])
      })
      afterAll(() => kernel?.[Symbol.dispose]())

      test('every line of /proc/kallsyms is found by its name and by its address', () => {
        const { symbols } = kernel
        const lines = readFileSync(images.kallsyms, 'utf8').trimEnd().split('\n')
        expect(lines.length).toBeGreaterThan(90_000)
        const missing = lines.filter((line) => {
          const [, digits, type, name = '', module] =
            /^([0-9a-f]+) (\S) (\S+)(?:\t\[(.*)\])?$/.exec(line) ?? []
          const address = BigInt(`0x${digits}`)
          const named = [...symbols.findAll(name)].some((symbol) => {
            return symbol.address === address && symbol.type === type && symbol.module === module
          })
          return !named || symbols.nearest(address)?.offset !== 0
        })
        expect(missing).toEqual([])
        expect(symbols.count).toBe(lines.length)
      })

      describe('with files that take the place of what is missing', () => {
        const scratch = new ScratchDirectory()
        afterAll(() => scratch[Symbol.dispose]())
        const tasks = () => images.truth.tasks.map(({ task }) => task)

        /** Symbols as they were linked, so many of them as a kernel without CONFIG_KALLSYMS_ALL lists. */
        function linkedSymbols(wanted: RegExp): [name: string, address: bigint, type: string][] {
          return [...kernel.symbols.symbols()].flatMap(({ name, address, type, module }) => {
            if (module !== undefined || address < 1n << 63n || !wanted.test(`${type} ${name}`))
              return []
            return [[name, address - kernel.kaslrOffset, type]]
          })
        }

        test('symbols of functions only: the rest is searched for', () => {
          const systemMap = join(scratch.path, 'System.map')
          const lines = linkedSymbols(/^[tT] /).map(([name, address, type]) => {
            return `${address.toString(16)} ${type} ${name}\n`
          })
          writeFileSync(systemMap, lines.join(''))
          using helped = openImage([images.elf], { systemMap })
          expect(helped.symbols.find('init_task')).toBeUndefined()
          const found = [...listIdleTasks(helped), ...listTasks(helped, 'threads')]
          expect(found.map(({ task }) => hex(task!))).toEqual(tasks())
        })

        test('a vmlinux with symbols and types, and BTF by itself', async () => {
          const [stripped, vmlinux, btf] = ['stripped', 'vmlinux', 'btf'].map((name) => {
            return join(scratch.path, name)
          }) as [string, string, string]
          const bytes = await debianVmlinux(options.kernel)
          writeFileSync(stripped, bytes)
          const { sections } = readElf(bytes, stripped)
          const symbols = linkedSymbols(
            / (init_task|page_offset_base|__cpu_possible_mask|vfs_read)$/,
          )
          const added = symbols.flatMap(([name, address]) => {
            const { name: section, addr } = sections.find(({ addr, size }) => {
              return addr > 0n && address >= addr && address < addr + size
            })!
            return ['--add-symbol', `${name}=${section}:${address - addr},global`]
          })
          execFileSync('objcopy', [...added, stripped, vmlinux])
          using helped = openImage([images.elf], { vmlinux })
          expect(helped.symbols.get('vfs_read').address).toBe(
            kernel.symbols.get('vfs_read').address,
          )
          expect(helped.types.source).toContain(vmlinux)
          expect(listTasks(helped, 'threads').length).toBe(listTasks(kernel, 'threads').length)
          writeFileSync(btf, await debianBtf(options.kernel))
          using typed = openImage([images.elf], { btf })
          expect(typed.types.source).toContain(btf)
          expect(typed.initTask.comm).toBe('swapper/0')
          expect(() => openImage([images.elf], { vmlinux: stripped }).symbols.count).toThrow(
            `no symbols in ${stripped}: it was stripped of them`,
          )
        })
      })

      test('modules have the BTF that /sys/kernel/btf showed', () => {
        const found = [...forEachModule(kernel)].flatMap((module) => {
          const bytes = moduleBtf(kernel, module)
          return bytes === undefined ? [] : [{ name: String(module.name), ...digest(bytes) }]
        })
        const shown = images.truth.btf.filter(({ name }) => name !== 'vmlinux')
        expect(found.sort(byName)).toEqual([...shown].sort(byName))
        expect(found.length).toBeGreaterThan(4)
      })
    })
  })
})

function withoutMm({ mm: _, ...walk }: TrueWalk) {
  return walk
}

/** Of a level that the kernel folds into the one above, its own walk repeats the entry. */
function walkAs(mode: PagingMode, dump: Dump, pgd: bigint, address: bigint) {
  const { steps, end } = walk(mode, dump.physical, pgd, address)
  const page = end.kind === 'page' ? end : undefined
  return {
    entries: steps.map(({ level, entryAddress, entry }) => {
      return { level: level.toLowerCase(), at: hex(entryAddress), value: hex(entry) }
    }),
    physical: page === undefined ? null : hex(page.physical),
    size: page?.pageSize ?? null,
  }
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`
}

function digest(bytes: Uint8Array) {
  return { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)

/** What both know of a task; the CPU may be another each time a kernel thread wakes up for a moment. */
function ofTrueTask({ pid, tgid, ppid, task, stack, threads, uid, euid }: TrueTask) {
  return { pid, tgid, ppid, task, stack, threads, uid, euid }
}

function ofSummary(task: TaskSummary) {
  const { pid, tgid, ppid, threads, ruid: uid, euid } = task
  const stack = task.stack === undefined ? null : hex(task.stack)
  return { pid, tgid, ppid, task: hex(task.task!), stack, threads, uid, euid }
}

function psRowOf({ tgid, pid, ppid, ruid, euid, state, threads, comm }: TaskSummary) {
  const row = { pid: tgid, tid: pid, ppid, uid: ruid, euid, stat: state, nlwp: threads, comm }
  return comparable(row)
}

/**
 * Of the state only the letter, with that for running and those for sleeping taken as one, since a
 * kernel thread may wake up for a moment; a worker's name without what it did last. The `uid` of ps is
 * the effective one, and it prints question marks and dots in the place of unusual bytes.
 */
function comparable({ stat, comm, uid: _, ...row }: PsRow) {
  const usual = Buffer.from(comm)
    .toString('latin1')
    .replace(/[^ -~]|\./g, '?')
  const name = usual.replace(/^(kworker\/u?\d+:\d+H?)[-+].*/, '$1')
  return { ...row, stat: stat.slice(0, 1).replace(/[RI]/, 'S'), comm: name }
}

function others(rows: readonly ReturnType<typeof comparable>[], last: number) {
  return rows.filter(({ pid }) => pid !== last).sort((a, b) => a.tid - b.tid)
}
