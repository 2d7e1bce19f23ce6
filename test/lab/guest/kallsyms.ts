// What a guest's kernel prints of its symbols and modules, and the pages of its memory that tell the
// same. They are compared outside of it: an emulated machine is slow.
import { readdirSync, readFileSync } from 'node:fs'
import { Btf } from '../../../src/btf/btf.js'
import {
  forEachModule,
  type ModuleHolder,
  moduleBtf,
  moduleMemory,
} from '../../../src/kernel/modules.js'
import { runtimeSymbols } from '../../../src/kernel/runtime_symbols.js'
import { openLive } from '../../../src/live/open_live.js'
import { PageCache } from '../../../src/memory/page_cache.js'
import { ObjectSpace } from '../../../src/object/space.js'
import { RecordedMemory } from '../../support/recorded_memory.js'

using kernel = openLive({ via: 'kcore' })
// A BPF program to be listed.
using _program = openLive({ via: 'bpf' })

const memory = new RecordedMemory(kernel.uncached)
const space = new ObjectSpace(kernel.types, new PageCache(memory))
const holder: ModuleHolder = { space, symbols: kernel.symbols }
runtimeSymbols(holder)
const modules = [...forEachModule(holder)]

const answers = {
  printed: readFileSync('/proc/kallsyms', 'latin1'),
  pages: memory.pages,
  modules: modules.map((module) => {
    const areas = moduleMemory(module)
    const size = areas.reduce((sum, { start, end }) => sum + Number(end - start), 0)
    return `${module.name} ${size} 0x${areas[0]?.start.toString(16)}`
  }),
  listed: readFileSync('/proc/modules', 'latin1')
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^(\S+ \d+) .* (0x\S+).*$/, '$1 $2')),
  btfs: modules.map(
    (module) => `${module.name}: ${compareBtf(module.name, moduleBtf(holder, module))}`,
  ),
  withBtf: readdirSync('/sys/kernel/btf').filter((name) => name !== 'vmlinux'),
}
console.log(JSON.stringify(answers))

export type KallsymsAnswers = typeof answers

function compareBtf(name: string, bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return 'none'
  const split = new Btf(bytes, { base: kernel.types })
  const same = Buffer.compare(bytes, readFileSync(`/sys/kernel/btf/${name}`)) === 0
  return same && split.count > split.firstId ? 'same' : 'other'
}
