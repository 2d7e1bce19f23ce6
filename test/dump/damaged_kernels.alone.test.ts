import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDump } from '../../src/dump/open_dump.js'
import { openImage } from '../../src/dump/open_image.js'
import { FileSource } from '../../src/files/file_source.js'
import { mmCmdline } from '../../src/kernel/cmdline.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { listTasks } from '../../src/kernel/task_summary.js'
import type { PagedMemory } from '../../src/memory/paging/paged_memory.js'
import { walk } from '../../src/memory/paging/walk.js'
import { bytesInUse, mostBytes } from '../damage/budget.js'
import { type Damage, damage, damages } from '../damage/damage.js'
import { type Budget, DamagedSource } from '../damage/damaged_source.js'
import { findFirstPlaces, findPlaces, type Places } from '../damage/places.js'
import { attempt, USES, USES_OF } from '../damage/uses.js'
import { type Image, image } from '../support/images.js'
import { describeLab } from '../support/lab.js'
import { offsetOfMemory, offsetOfVmcoreinfo } from './qemu_elf.js'

/** Of each property; with more time more is found. */
const SECONDS = Number(process.env.KSIGHT_DAMAGE_SECONDS ?? 8)

/** Thrice what the whole images take, and the search for what is missing in them. */
const BUDGET: Budget = { reads: 150_000, bytes: 2 ** 31, longest: 2 ** 27 }

/** Bytes that a process may keep, and may ever have, more than before. */
const KEPT = 256 * 2 ** 20
const NEEDED = 2 * 2 ** 30

/** Milliseconds on a machine that does other things too. */
const LONGEST = 20_000

const PROPERTY = { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: SECONDS * 1000 }

/** Lines of VMCOREINFO that ksight reads, with their values. */
const READ_LINES =
  /^(?:OSRELEASE|PAGESIZE|KERNELOFFSET|\w+\((?:_stext|swapper_pg_dir|init_top_pgt|kallsyms_\w+|phys_base|pgtable_l5_enabled|sme_mask)\))=(.*)$/gm

/** As long as what they take the place of. */
const wrongValues = (length: number) => [
  '0'.repeat(length),
  'f'.repeat(length),
  '9'.repeat(length),
  `-${'9'.repeat(length)}`.slice(0, length),
  'z'.repeat(length),
  '\n'.repeat(length),
]

describeLab('images that are damaged', () => {
  describe.each(['6.1', '6.12'] as const)('of Debian’s %s', (version) => {
    let images: Image
    let file: FileSource
    let source: DamagedSource
    let offsetOf: (physical: number) => number
    /** Opened when all was well. */
    let whole: Kernel
    let places: Places
    let firstPlaces: Places

    beforeAll(async () => {
      images = await image({ kernel: version })
      file = new FileSource(images.elf)
      source = new DamagedSource(file, BUDGET)
      offsetOf = offsetOfMemory(images.elf)
      whole = openImage([source])
      const dump = openDump(source)
      places = findPlaces(whole, dump)
      firstPlaces = findFirstPlaces(whole, dump)
      use(whole, Object.keys(USES), [whole.initTask.$address])
    })
    afterAll(() => file?.[Symbol.dispose]())

    test(
      'after it was opened: everything ends, with a result or an error of ours',
      () => {
        check(places, () => {
          whole.drop()
          whole.uncached.drop?.()
          return whole
        })
      },
      SECONDS * 10_000,
    )

    test(
      'before it is opened: the same',
      () => {
        check({ ...places, ...firstPlaces }, () => attempt(() => openImage([source])))
      },
      SECONDS * 10_000,
    )

    test(
      'with a line of VMCOREINFO that is wrong: the same',
      () => {
        const start = offsetOfVmcoreinfo(images.elf)
        source.restore()
        const { text } = whole.vmcoreinfo
        for (const { index, 0: line, 1: value } of text.matchAll(READ_LINES)) {
          const at = start + index + line.length - value!.length
          for (const wrong of wrongValues(value!.length)) {
            source.restore()
            source.write(at, new TextEncoder().encode(wrong))
            const kernel = attempt(() => openImage([source]))
            if (kernel !== undefined) use(kernel, ['facts', 'threads'], [])
          }
        }
      },
      SECONDS * 10_000,
    )

    test('of a torn list of processes, both ends are shown, and it is told', () => {
      source.restore()
      const { pid, task } = images.truth.tasks.findLast(({ pid, tgid }) => pid === tgid)!
      setPointer(whole.at('task_struct', BigInt(task)).$addressOf('tasks.next'), 8n)
      const told: string[] = []
      const found = listTasks(openImage([source]), 'threads', undefined, ({ message }) => {
        told.push(message)
      })
      expect(found.map((each) => each.pid)).toContain(pid)
      expect(pidsOf(found)).toEqual(pidsOf(images.truth.tasks))
      expect(told).toEqual([expect.stringMatching(/^the list at 0x\w+ is torn at 0x\w+: /)])
    })

    test('with damaged symbols, there are none, and all tasks', () => {
      source.restore()
      setPointer(whole.vmcoreinfo.symbol('kallsyms_token_table')! + 100n, (1n << 64n) - 1n)
      const kernel = openImage([source])
      expect(() => kernel.symbols.find('init_task')).toThrow(
        /^no symbols in the image: no kallsyms tables: .* --system-map FILE/,
      )
      expect(pidsOf(listTasks(kernel, 'threads'))).toEqual(pidsOf(images.truth.tasks))
    })

    test('arguments that are in swap are told from a process that has none', () => {
      source.restore()
      const { task } = images.truth.tasks.find(({ pid }) => pid === 1)!
      const { mm } = whole.at('task_struct', BigInt(task))
      const memory = whole.uncached as PagedMemory
      const pgd = memory.translate(mm.pgd.$address)!
      const { steps } = walk(memory.mode, openDump(source).physical, pgd, mm.arg_start)
      const entry = offsetOf(Number(steps.at(-1)!.entryAddress))
      const cmdline = () => {
        const kernel = openImage([source])
        return mmCmdline(kernel, kernel.at('task_struct', BigInt(task)))
      }
      expect(cmdline()[0]).toMatch(/busybox|init/)
      source.write(entry, Uint8Array.of(0, 2, 0, 0, 0, 0, 0, 0x7f))
      expect(cmdline).toThrow(/^cannot read memory at 0x\w+: the PTE entry is not present/)
      source.write(entry, new Uint8Array(8))
      expect(cmdline()).toEqual([])
    })

    function setPointer(address: bigint, value: bigint): void {
      const physical = (whole.uncached as PagedMemory).translate(address)!
      const bytes = new Uint8Array(8)
      new DataView(bytes.buffer).setBigUint64(0, value, true)
      source.write(offsetOf(Number(physical)), bytes)
    }

    /** Without the idle tasks, which are on no list. */
    function pidsOf(tasks: readonly { pid: number }[]): number[] {
      const pids = tasks.map(({ pid }) => pid).filter((pid) => pid !== 0)
      return pids.sort((a, b) => a - b)
    }

    /** Damages the image again and again, and uses the kernel that is then in it. */
    function check(places: Places, open: () => Kernel | undefined): void {
      const before = bytesInUse()
      const mostBefore = mostBytes()
      let runs = 0
      fc.assert(
        fc.property(damages(places), fc.nat(), fc.nat(), (changes, one, other) => {
          runs++
          source.restore()
          const damaged = damage(source, offsetOf, places, changes)
          const kernel = open()
          if (kernel === undefined) return
          use(kernel, usesOf(changes, [one, other]), [...damaged, anyTask(one)])
        }),
        PROPERTY,
      )
      expect(runs).toBeGreaterThan(0)
      expect(bytesInUse() - before).toBeLessThan(KEPT)
      expect(mostBytes() - mostBefore).toBeLessThan(NEEDED)
    }

    function use(kernel: Kernel, names: readonly string[], tasks: readonly bigint[]): void {
      for (const name of names) {
        const start = performance.now()
        attempt(() => USES[name]!({ kernel, tasks }))
        const time = performance.now() - start
        if (time > LONGEST) throw new Error(`${name} took ${time} ms and ${source.reads} reads`)
      }
    }

    /** One of what comes upon each of the first changes. */
    function usesOf(changes: readonly Damage[], numbers: readonly number[]): string[] {
      return numbers.map((number, i) => {
        const names = USES_OF[changes[i % changes.length]!.kind] ?? Object.keys(USES)
        return names[number % names.length]!
      })
    }

    function anyTask(number: number): bigint {
      const { tasks } = images.truth
      return BigInt(tasks[number % tasks.length]!.task)
    }
  })
})
