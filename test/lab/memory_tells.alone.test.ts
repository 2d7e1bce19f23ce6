import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boot } from '../../lab/boot.mjs'
import type { Vm } from '../../lab/vm.mjs'
import { Btf } from '../../src/btf/btf.js'
import { findBtf } from '../../src/kernel/find_btf.js'
import { findKallsyms } from '../../src/kernel/find_kallsyms.js'
import { kernelImageMap } from '../../src/kernel/image_map.js'
import { runtimeSymbols } from '../../src/kernel/runtime_symbols.js'
import { findVmcoreinfo, searchVmcoreinfo } from '../../src/kernel/search_vmcoreinfo.js'
import type { Vmcoreinfo } from '../../src/kernel/vmcoreinfo.js'
import { type Memory, readBytes } from '../../src/memory/memory.js'
import { ObjectSpace } from '../../src/object/space.js'
import type { KallsymsTables } from '../../src/symbols/kallsyms_tables.js'
import { parseKallsyms } from '../../src/symbols/kallsyms_text.js'
import { Symbols } from '../../src/symbols/symbols.js'
import type { SymbolTable } from '../../src/symbols/table.js'
import { debianBtf } from '../support/debian_kernel.js'
import { FileMemory } from '../support/file_memory.js'
import { bundleProgram } from '../support/guest_program.js'
import { describeLab } from '../support/lab.js'
import { PagesMemory } from '../support/recorded_memory.js'
import type { KallsymsAnswers } from './guest/kallsyms.js'

const KERNELS = [
  { kernel: '6.1', la57: true, memory: '512M' },
  { kernel: '6.12', la57: false, memory: '512M' },
] as const

const TIMEOUT = 300_000

/** Makes the kernel list trampolines of ftrace and both kinds of pages of kprobes. */
const TRACE = `
  cd /sys/kernel/tracing
  echo 'p:probe vfs_write+9' >kprobe_events
  echo 1 >events/kprobes/enable
  echo vfs_read >set_ftrace_filter
  echo function >current_tracer`

describeLab('what the memory of a kernel tells', () => {
  let program: string
  beforeAll(async () => {
    program = await bundleProgram(join(import.meta.dirname, 'guest/kallsyms.ts'))
  })
  afterAll(() => rm(join(program, '..'), { recursive: true }))

  describe.each(KERNELS)('Debian’s $kernel, 5-level paging: $la57', (options) => {
    let vm: Vm
    let ram: FileMemory
    let range: { address: bigint; length: bigint }
    beforeAll(async () => {
      vm = await boot(options)
      ram = new FileMemory(vm.ram)
      range = { address: 0n, length: ram.size }
    })
    afterAll(async () => {
      ram?.[Symbol.dispose]()
      await vm?.[Symbol.asyncDispose]()
    })

    async function output(command: string, ...args: string[]): Promise<Buffer> {
      const result = await vm.run(command, args, { timeout: TIMEOUT })
      expect(result).toMatchObject({ exitCode: 0, stderr: '' })
      return result.stdoutBytes
    }

    function vmcoreinfo(): Vmcoreinfo {
      return findVmcoreinfo(ram, [range])!.vmcoreinfo
    }

    test('symbols and modules, as the kernel prints them', { timeout: TIMEOUT }, async () => {
      await output('sh', '-ec', TRACE)
      const printed = `${await output(process.execPath, program)}`
      const parsed: KallsymsAnswers = JSON.parse(printed)
      const { how, counts, kinds, modules, listed, btfs, btf, lists, pages, ...answers } = parsed
      expect(how[0]).toBe('addresses in VMCOREINFO')
      expect(how[1]).toContain('of this shape')
      expect(counts[0]).toBeGreaterThan(90_000)
      expect(counts[0]).toBe(counts[1])
      const none = { count: 0, first: [] }
      expect(answers).toEqual({
        sameByShape: true,
        differ: none,
        notByName: none,
        notByAddress: none,
        problems: [],
        ofRuntime: expect.any(Number),
      })
      expect(kinds).toEqual([null, '__builtin__ftrace', 'bpf', '__builtin__kprobes'])
      expect(modules).toEqual(listed)
      expect(modules.length).toBeGreaterThan(5)
      expect(new Set(btfs)).toEqual(new Set(['same']))
      expect(btf).toEqual([
        ['from symbol __start_BTF to __stop_BTF', 0],
        ['by its header', 0],
      ])
      const types = new Btf(await debianBtf(options.kernel))
      damageModules(types, parseKallsyms(lists), pages, parsed.ofRuntime)
    })

    test('VMCOREINFO, told from other copies', async () => {
      const { text } = vmcoreinfo()
      const otherRelease = text.replace(/^OSRELEASE=.*/m, 'OSRELEASE=5.0.0-decoy')
      const otherPlace = text.replace(/^NUMBER\(phys_base\)=.*/m, 'NUMBER(phys_base)=4096')
      for (const [i, decoy] of [otherRelease, otherPlace].entries()) {
        await output('sh', '-c', 'printf %s "$1" >"$2" && sync', 'sh', decoy, `/run/decoy${i}`)
      }
      const found = [...searchVmcoreinfo(ram, [range])]
      const [address] = `${await output('cat', '/sys/kernel/vmcoreinfo')}`.split(' ')
      expect(found.find(({ physical }) => physical === BigInt(address!))).toMatchObject({
        fits: true,
        vmcoreinfo: { text },
      })
      const verdict = (of: string) => found.find(({ vmcoreinfo }) => vmcoreinfo.text === of)?.fits
      expect(verdict(otherRelease)).toBe(false)
      expect(verdict(otherPlace)).toBe(false)
      expect(findVmcoreinfo(ram, [range])!.vmcoreinfo.text).toBe(text)
    })

    test('where the page tables are', async () => {
      const map = kernelImageMap(vmcoreinfo())
      const swapper = vmcoreinfo().symbol('swapper_pg_dir')!
      const seen = await vm.readMemory(swapper, 4096)
      expect(Buffer.compare(seen, readBytes(ram, map.pageTable, 4096))).toBe(0)
      const registers = await vm.qmp('human-monitor-command', { 'command-line': 'info registers' })
      const cr4 = Number.parseInt(/CR4=([0-9a-f]+)/.exec(registers)![1]!, 16)
      expect(map).toMatchObject({ machine: 'x86_64', levels: cr4 & 0x1000 ? 5 : 4, pageSize: 4096 })
    })

    test('symbols and types, from physical memory', async () => {
      const { virtualOffset } = kernelImageMap(vmcoreinfo())
      const printed = `${await output('cat', '/proc/kallsyms')}`.split('\n')
      const expected = printed.filter((line) => line !== '' && !line.includes('\t')).join('\n')
      const named = findKallsyms(ram, { vmcoreinfo: vmcoreinfo(), virtualOffset })
      expect(named.how).toBe('addresses in VMCOREINFO')
      expect(linesOf(named.value)).toBe(expected)
      const whole = { start: 0n, end: ram.size }
      expect(linesOf(findKallsyms(ram, { range: whole }).value)).toBe(expected)

      const types = await output('cat', '/sys/kernel/btf/vmlinux')
      expect(Buffer.compare(findBtf(ram, () => undefined, whole).bytes, types)).toBe(0)
    })
  })
})

/** Reads the same lists from the pages that the guest read, first whole, then with changed bytes. */
function damageModules(
  types: Btf,
  lists: SymbolTable,
  pages: Readonly<Record<string, string>>,
  count: number,
): void {
  const read = (memory: Memory) => {
    return runtimeSymbols({ space: new ObjectSpace(types, memory), symbols: new Symbols(lists) })
  }
  const memory = new PagesMemory(pages)
  const whole = read(memory)
  expect(whole.problems).toEqual([])
  expect(whole.table.addresses.length).toBe(count)

  const change = fc.record({ page: fc.nat(memory.count - 1), at: fc.nat(4095), to: fc.nat(255) })
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 60 }), (changes) => {
      const damaged = new PagesMemory(pages)
      for (const { page, at, to } of changes) damaged.change(page, at, to)
      const symbols = new Symbols(lists, [], () => read(damaged))
      for (const { address } of symbols.symbols()) symbols.nearest(address)
    }),
    { numRuns: 200 },
  )
}

function linesOf(tables: KallsymsTables): string {
  return Array.from(tables.addresses, (address, i) => {
    return `${address.toString(16).padStart(16, '0')} ${tables.typeAt(i)} ${tables.nameAt(i)}`
  }).join('\n')
}
