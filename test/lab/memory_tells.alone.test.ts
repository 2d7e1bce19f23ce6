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

/** The symbols that lists of symbols start at. */
const LISTS =
  /.* (modules|ftrace_ops_trampoline_list|bpf_kallsyms|kprobe_insn_slots|kprobe_optinsn_slots)$/gm

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
    let whole: { start: bigint; end: bigint }
    let answers: KallsymsAnswers
    let types: Btf
    let lists: SymbolTable
    beforeAll(async () => {
      types = new Btf(await debianBtf(options.kernel))
      vm = await boot(options)
      ram = new FileMemory(vm.ram)
      range = { address: 0n, length: ram.size }
      whole = { start: 0n, end: ram.size }
      await output('sh', '-ec', TRACE)
      answers = JSON.parse(`${await output(process.execPath, program)}`)
      lists = parseKallsyms(answers.printed.match(LISTS)!.join('\n'))
    }, TIMEOUT)
    afterAll(async () => {
      ram?.[Symbol.dispose]()
      await vm?.[Symbol.asyncDispose]()
    })

    async function output(command: string, ...args: string[]): Promise<Buffer> {
      const result = await vm.run(command, args, { timeout: TIMEOUT })
      expect(result).toMatchObject({ exitCode: 0, stderr: '' })
      return result.stdoutBytes
    }

    function readRuntime(memory: Memory) {
      return runtimeSymbols({ space: new ObjectSpace(types, memory), symbols: new Symbols(lists) })
    }

    function vmcoreinfo(): Vmcoreinfo {
      return findVmcoreinfo(ram, [range])!.vmcoreinfo
    }

    test('symbols, as the kernel prints them', () => {
      const { virtualOffset } = kernelImageMap(vmcoreinfo())
      const named = findKallsyms(ram, { vmcoreinfo: vmcoreinfo(), virtualOffset })
      expect(named.how).toBe('addresses in VMCOREINFO')
      const ofImage = answers.printed.split('\n').filter((line) => !/^$|\t/.test(line))
      const byShape = findKallsyms(ram, { range: whole })
      expect(linesOf(new Symbols(byShape.value)).join('\n')).toBe(ofImage.join('\n'))

      const symbols = new Symbols(named.value, [], () =>
        readRuntime(new PagesMemory(answers.pages)),
      )
      const printed = answers.printed.trimEnd().split('\n')
      expect(linesOf(symbols).join('\n')).toBe(printed.join('\n'))
      expect(printed.length).toBeGreaterThan(90_000)
      expect(new Set(answers.printed.match(/(?<=\[)(__builtin.*|bpf)(?=\])/g))).toEqual(
        new Set(['__builtin__ftrace', 'bpf', '__builtin__kprobes']),
      )
      expect(printed.filter((line) => !isFound(symbols, line))).toEqual([])
    })

    test('modules, and their types', () => {
      expect(answers.modules).toEqual(answers.listed)
      expect(answers.modules.length).toBeGreaterThan(5)
      expect(answers.btfs.toSorted()).toEqual(
        answers.withBtf.map((name) => `${name}: same`).toSorted(),
      )
    })

    test('damaged modules are read or refused', () => {
      const memory = new PagesMemory(answers.pages)
      expect(readRuntime(memory).problems).toEqual([])
      const change = fc.record({
        page: fc.nat(memory.count - 1),
        at: fc.nat(4095),
        to: fc.nat(255),
      })
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 60 }), (changes) => {
          const damaged = new PagesMemory(answers.pages)
          for (const { page, at, to } of changes) damaged.change(page, at, to)
          const symbols = new Symbols(lists, [], () => readRuntime(damaged))
          for (const { address } of symbols.symbols()) symbols.nearest(address)
        }),
        { numRuns: 200 },
      )
    })

    test('VMCOREINFO, told from other copies', async () => {
      const { text } = vmcoreinfo()
      const otherRelease = text.replace(/^OSRELEASE=.*/m, 'OSRELEASE=5.0.0-decoy')
      const moved = vmcoreinfo().number('phys_base')! + 4096n
      const otherPlace = text.replace(/^NUMBER\(phys_base\)=.*/m, `NUMBER(phys_base)=${moved}`)
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

    test('types', async () => {
      const types = await output('cat', '/sys/kernel/btf/vmlinux')
      expect(Buffer.compare(findBtf(ram, () => undefined, whole).bytes, types)).toBe(0)
      const { virtualOffset } = kernelImageMap(vmcoreinfo())
      const { value } = findKallsyms(ram, { vmcoreinfo: vmcoreinfo(), virtualOffset })
      const symbols = new Symbols(value)
      const physical = (name: string) =>
        BigInt.asUintN(64, symbols.get(name).address - virtualOffset)
      expect(Buffer.compare(findBtf(ram, physical).bytes, types)).toBe(0)
    })
  })
})

function linesOf(symbols: Symbols): string[] {
  return Array.from(symbols.symbols(), ({ address, type, name, module }) => {
    const suffix = module === undefined ? '' : `\t[${module}]`
    return `${address.toString(16).padStart(16, '0')} ${type} ${name}${suffix}`
  })
}

/** Whether the symbol of a line is found by name and by address. */
function isFound(symbols: Symbols, line: string): boolean {
  const [digits, , name, module] = line.split(/[ \t]/)
  const address = BigInt(`0x${digits}`)
  const near = symbols.nearest(address)
  if (near?.offset !== 0 || near.symbol.address !== address) return false
  return [...symbols.findAll(name!)].some((found) => {
    return found.address === address && found.module === module?.slice(1, -1)
  })
}
