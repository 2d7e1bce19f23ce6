import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { explain } from '../../src/cli/explanation.js'
import { translate } from '../../src/cli/translation.js'
import { openImage } from '../../src/files/open_image.js'
import { accessProcessVm } from '../../src/kernel/access_process_vm.js'
import { followPage } from '../../src/kernel/follow_page.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { pageToPfn, pfnToPage } from '../../src/kernel/mem_section.js'
import { getMmRss, taskMm } from '../../src/kernel/mm.js'
import { mmPages } from '../../src/kernel/mm_pages.js'
import { pageInfo } from '../../src/kernel/page_info.js'
import { physToVirt, virtToPhys } from '../../src/kernel/virt_to_phys.js'
import { forEachVmapArea } from '../../src/kernel/vmap_area.js'
import { isZeroPfn } from '../../src/kernel/zero_pfn.js'
import { addressParts } from '../../src/memory/paging/address_parts.js'
import type { Walk } from '../../src/memory/paging/walk.js'
import type { UntypedView } from '../../src/object/kernel_types.js'
import type { TrueWalk } from '../support/image_truth.js'
import { type Image, image } from '../support/images.js'
import { describeLab } from '../support/lab.js'

const KERNELS = [
  { kernel: '6.1', la57: false },
  { kernel: '6.1', la57: true },
  { kernel: '6.12', la57: false },
  { kernel: '6.12', la57: true },
] as const

/** The guests have so much of it. */
const RAM = 512n * 2n ** 20n

describeLab('translation in memory images', () => {
  describe.each(KERNELS)('of Debian’s $kernel, 5-level paging: $la57', (options) => {
    let images: Image
    let kernel: Kernel
    beforeAll(async () => {
      images = await image(options)
      kernel = openImage([images.elf])
    })
    afterAll(() => kernel?.[Symbol.dispose]())

    const mmOf = (pid: number) => taskMm(kernel.findTask(pid)!)!

    test('follows each address through the entries that the kernel itself read', () => {
      const { walks } = images.truth
      expect(walks.length).toBeGreaterThan(300)
      const found = walks.map(({ pid, address }) => {
        return asTrueWalk(followPage(kernel, pid === 0 ? undefined : mmOf(pid), BigInt(address)))
      })
      expect(found).toEqual(
        walks.map(({ entries, physical, size }) => ({ entries, physical, size })),
      )
    })

    test('takes addresses apart as pgd_index() and so on do', () => {
      for (const { address, entries } of images.truth.walks) {
        const { parts } = addressParts(kernel.pageTables.mode, BigInt(address))
        const indices = new Map(parts.map(({ name, value }) => [name as string, value]))
        for (const { level, at } of entries) {
          expect(indices.get(level.toUpperCase())).toBe((BigInt(at) & 0xfffn) / 8n)
        }
      }
    })

    test('the pages of processes are where /proc/PID/pagemap said', () => {
      const { pagemap } = images.truth
      expect(pagemap.length).toBeGreaterThan(100)
      for (const { pid, address, pfn } of pagemap) {
        const { end } = followPage(kernel, mmOf(pid), BigInt(address))
        const found = end.kind === 'page' ? Number(end.physical >> 12n) : null
        expect({ pid, address, pfn: found }).toEqual({ pid, address, pfn })
      }
    })

    test('struct pages begin where VMEMMAP_START is', () => {
      const vmemmap = BigInt(`${images.truth.facts.VMEMMAP_START}`)
      for (const { physical } of images.truth.walks) {
        if (physical === null) continue
        const pfn = BigInt(physical) >> 12n
        const page = pfnToPage(kernel, pfn)
        // Devices have none.
        if (page === undefined) expect(pfn << 12n).toBeGreaterThanOrEqual(RAM)
        else {
          expect(page.$address).toBe(vmemmap + pfn * 64n)
          expect(pageToPfn(kernel, page)).toBe(pfn)
        }
      }
    })

    test('what the kernel says of tasks is in slabs of task_struct, in the direct map', () => {
      for (const { task, pid } of images.truth.tasks) {
        // The first of all is in the image.
        if (pid === 0) continue
        const physical = virtToPhys(kernel, BigInt(task))
        expect(physToVirt(kernel, physical)).toBe(BigInt(task))
        const owner = pageInfo(kernel, physical >> 12n)?.owner
        expect(owner).toMatchObject({ kind: 'slab', cache: 'task_struct' })
      }
    })

    test('page tables are pages that say so', () => {
      const { mm } = kernel.findTask(1)!
      const { steps } = followPage(kernel, mm as UntypedView, BigInt(mm.start_code))
      for (const { entryAddress, level } of steps) {
        // Those above are marked since Linux 6.16 or so.
        if (level !== 'PMD' && level !== 'PTE') continue
        expect(pageInfo(kernel, entryAddress >> 12n)?.owner).toEqual({ kind: 'page table' })
      }
    })

    test('of a process all pages are counted that the kernel counts', () => {
      const threads = images.truth.tasks.filter(({ pid, tgid, mm }) => pid === tgid && mm !== null)
      expect(threads.length).toBeGreaterThan(5)
      for (const { tgid } of threads) {
        const mm = mmOf(tgid)
        const { sizes, resident, counted, tables, unreadable, repeated } = mmPages(kernel, mm)
        expect({ unreadable, repeated }).toEqual({ unreadable: 0, repeated: 0 })
        expect(BigInt(counted)).toBe(getMmRss(kernel, mm) * 4096n)
        // Threads of Linux 6.1 hold back what 64 faults added, of up to 16 pages each.
        const threadCount = images.truth.tasks.filter((each) => each.tgid === tgid).length
        const slack = options.kernel === '6.1' ? 64 * 16 * 4096 * threadCount : 0
        expect(Math.abs(resident - counted)).toBeLessThanOrEqual(slack)
        // Of each large page a table is put by, to split it one day; the P4D is not counted.
        const putBy = sizes.find(({ size }) => size === 2 ** 21)?.count ?? 0
        const below = tables.filter(({ level }) => level !== 'PGD' && level !== 'P4D')
        const bytes = below.reduce((sum, { count }) => sum + count * 4096, putBy * 4096)
        expect(BigInt(bytes)).toBe(BigInt(mm.pgtables_bytes.counter))
      }
    })

    test('the start of each program is what its file has', () => {
      const text = new TextDecoder('latin1')
      for (const { pid, maps } of images.truth.processes) {
        const [, start] = /^(\w+)-\w+ r--p 00000000 .*\//m.exec(maps) ?? []
        if (start === undefined) continue
        const bytes = new Uint8Array(4)
        const length = accessProcessVm(kernel, kernel.findTask(pid)!, BigInt(`0x${start}`), bytes)
        if (length === 4) expect(text.decode(bytes)).toBe('\x7fELF')
      }
    })

    test('what ioremap() maps is memory of devices, without struct pages', () => {
      let seen = 0
      for (const { va_start, vm } of forEachVmapArea(kernel)) {
        // VM_IOREMAP; what lies in reserved RAM, such as tables of the firmware, has struct pages.
        if (vm === null || (BigInt(vm.flags) & 1n) === 0n || BigInt(vm.phys_addr) < RAM) continue
        seen++
        expect(virtToPhys(kernel, va_start)).toBe(BigInt(vm.phys_addr))
        const found = translate(kernel, undefined, va_start)
        expect(found.page).toBe('none')
        expect(explain(found)).toMatch(/^a page frame without a struct page/)
        expect(found.place?.vmapArea?.start).toBe(va_start)
      }
      expect(seen).toBeGreaterThan(0)
    })

    test('the zero page is empty_zero_page', () => {
      const symbol = kernel.symbols.find('empty_zero_page')!.address
      const pfn = virtToPhys(kernel, symbol) >> 12n
      expect(isZeroPfn(kernel, pfn)).toBe(true)
      expect(isZeroPfn(kernel, pfn + 1n)).toBe(false)
    })
  })
})

function asTrueWalk({ steps, end }: Walk): Pick<TrueWalk, 'entries' | 'physical' | 'size'> {
  const entries = steps.map(({ level, entryAddress, entry }) => {
    const name = level.toLowerCase() as TrueWalk['entries'][number]['level']
    return { level: name, at: hex(entryAddress), value: hex(entry) }
  })
  if (end.kind !== 'page') return { entries, physical: null, size: null }
  return { entries, physical: hex(end.physical), size: end.pageSize }
}

const hex = (value: bigint) => `0x${value.toString(16)}`
