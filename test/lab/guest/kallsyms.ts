// What a guest is asked about the symbols that its memory tells, beside what its kernel prints.
import { readdirSync, readFileSync } from 'node:fs'
import { Btf } from '../../../src/btf/btf.js'
import { openKernel } from '../../../src/index.js'
import { findBtf } from '../../../src/kernel/find_btf.js'
import { findKallsyms } from '../../../src/kernel/find_kallsyms.js'
import type { Kernel } from '../../../src/kernel/kernel.js'
import { forEachModule, moduleBtf, moduleMemory } from '../../../src/kernel/modules.js'
import { type RuntimeSymbols, runtimeSymbols } from '../../../src/kernel/runtime_symbols.js'
import { PageCache } from '../../../src/memory/page_cache.js'
import { ObjectSpace } from '../../../src/object/space.js'
import { type KernelSymbol, Symbols } from '../../../src/symbols/symbols.js'
import { RecordedMemory } from '../../support/recorded_memory.js'

const LISTS = [
  'modules',
  'ftrace_ops_trampoline_list',
  'bpf_kallsyms',
  'kprobe_insn_slots',
  'kprobe_optinsn_slots',
]

/** Differences beyond these are only counted. */
const SHOWN = 10

using kernel = openKernel({ via: 'kcore' })
// A BPF program to be listed.
using _program = openKernel({ via: 'bpf' })
const printed = readFileSync('/proc/kallsyms', 'latin1').trimEnd().split('\n')

const touched = new RecordedMemory(kernel.uncached)
const space = new ObjectSpace(kernel.types, new PageCache(touched))
const byName = findKallsyms(kernel.uncached, { vmcoreinfo: kernel.vmcoreinfo })
const rodata = {
  start: kernel.symbols.get('__start_rodata').address,
  end: kernel.symbols.get('__end_rodata').address,
}
const byShape = findKallsyms(kernel.uncached, { range: rodata })
let runtime: RuntimeSymbols | undefined
const symbols = new Symbols(byName.value, [], () => {
  runtime = runtimeSymbols({ space, symbols })
  return runtime
})
const lines = Array.from(symbols.symbols(), asLine)

const answers = {
  how: [byName.how, byShape.how],
  sameByShape: [...symbols.symbols()].slice(0, byName.value.addresses.length).every((symbol, i) => {
    return (
      byShape.value.addresses[i] === symbol.address &&
      byShape.value.nameAt(i) === symbol.name &&
      byShape.value.typeAt(i) === symbol.type
    )
  }),
  counts: [lines.length, printed.length],
  differ: differences(),
  notByName: report(printed.filter((line) => !isFoundByName(line))),
  notByAddress: report(printed.filter((line) => !isFoundByAddress(line))),
  kinds: [...new Set(lines.map((line) => / \[(__.*|bpf)\]/.exec(line.replace('\t', ' '))?.[1]))],
  ofRuntime: lines.length - byName.value.addresses.length,
  problems: runtime?.problems.map(({ message }) => message),
  ...compareModules(kernel),
  btf: compareBtf(),
  // What the list of modules and all behind it were read from.
  lists: LISTS.map((name) => `${symbols.find(name)!.address.toString(16)} d ${name}\n`).join(''),
  pages: touched.pages,
}
console.log(JSON.stringify(answers))

export type KallsymsAnswers = typeof answers

function asLine({ name, address, type, module }: KernelSymbol): string {
  const suffix = module === undefined ? '' : `\t[${module}]`
  return `${address.toString(16).padStart(16, '0')} ${type} ${name}${suffix}`
}

function report(wrong: string[]) {
  return { count: wrong.length, first: wrong.slice(0, SHOWN) }
}

function differences() {
  const differ: string[] = []
  for (let i = 0; i < Math.max(lines.length, printed.length); i++) {
    if (lines[i] !== printed[i]) differ.push(`${lines[i]} is to be ${printed[i]}`)
  }
  return report(differ)
}

function partsOf(line: string) {
  const [address, , name, module] = line.split(/[ \t]/)
  return { address: BigInt(`0x${address}`), name: name!, module: module?.slice(1, -1) }
}

function isFoundByName(line: string): boolean {
  const { address, name, module } = partsOf(line)
  return [...symbols.findAll(name)].some((found) => {
    return found.address === address && found.module === module
  })
}

function isFoundByAddress(line: string): boolean {
  const { address } = partsOf(line)
  const found = symbols.nearest(address)
  return found?.offset === 0 && found.symbol.address === address
}

/** Modules as /proc/modules lists them, and their BTF as sysfs has it. */
function compareModules(kernel: Kernel) {
  const holder = { space: kernel.space, symbols }
  const modules = [...forEachModule(holder)]
  const listed = readFileSync('/proc/modules', 'latin1').trimEnd().split('\n')
  return {
    modules: modules.map((module) => {
      const areas = moduleMemory(module)
      const size = areas.reduce((sum, { start, end }) => sum + Number(end - start), 0)
      return `${module.name} ${size} 0x${areas[0]?.start.toString(16)}`
    }),
    listed: listed.map((line) => {
      const [name, size, , , , address] = line.split(' ')
      return `${name} ${size} ${address}`
    }),
    btfs: modules.map((module) => {
      const bytes = moduleBtf(holder, module)
      const known = readdirSync('/sys/kernel/btf').includes(module.name)
      if (bytes === undefined) return known ? `${module.name} lacks its BTF` : 'none'
      const file = readFileSync(`/sys/kernel/btf/${module.name}`)
      const own = new Btf(bytes, { base: kernel.types })
      return Buffer.compare(bytes, file) === 0 && own.count > own.firstId ? 'same' : module.name
    }),
  }
}

function compareBtf() {
  const file = readFileSync('/sys/kernel/btf/vmlinux')
  const named = findBtf(kernel.uncached, (name) => symbols.find(name)?.address)
  const found = findBtf(kernel.uncached, () => undefined, rodata)
  return [named, found].map(({ bytes, how }) => [how, Buffer.compare(bytes, file)])
}
