import { FaultError, UnsupportedError } from '../errors.js'
import { Kernel } from '../kernel/kernel.js'
import { pageTablesOf } from '../kernel/page_tables.js'
import { runtimeSymbols } from '../kernel/runtime_symbols.js'
import type { Vmcoreinfo } from '../kernel/vmcoreinfo.js'
import { PagedMemory } from '../memory/paging/paged_memory.js'
import { Symbols } from '../symbols/symbols.js'
import type { Dump } from './dump.js'
import { imageRange } from './image_range.js'
import { type ImageHelp, ImageSymbols } from './image_symbols.js'
import { imageTypes } from './image_types.js'
import { ImageUserMemory } from './image_user_memory.js'
import { imageVmcoreinfo } from './image_vmcoreinfo.js'
import { possibleCpus } from './possible_cpus.js'

/** The kernel whose physical memory this is: its page tables, symbols and types are looked for there. */
export function kernelInDump(
  dump: Dump,
  name: string,
  help: ImageHelp,
  resources: Disposable | undefined,
): Kernel {
  const vmcoreinfo = imageVmcoreinfo(dump, name)
  const { mode, userMode, root } = pageTablesOf(vmcoreinfo.value)
  const memory = new PagedMemory(dump.physical, mode, root)
  const range = imageRange(memory, stextOf(vmcoreinfo.value))
  const symbols = new ImageSymbols(memory, vmcoreinfo.value, range, help)
  const types = imageTypes(memory, symbols, range, help)
  const toPhysical = (address: bigint) => physicalOf(memory, address)
  const kernel: Kernel = new Kernel({
    source: `${name}, ${dump.format}`,
    types,
    memory,
    symbols: () => new Symbols(symbols.table, [], () => runtimeSymbols(kernel)),
    hints: {
      release: vmcoreinfo.value.get('OSRELEASE') ?? dump.uts?.release ?? 'unknown',
      vmcoreinfo,
      toPhysical,
      imageRange: range,
      possibleCpus: () => possibleCpus(memory, types, symbols, dump),
    },
    userMemory: new ImageUserMemory(dump.physical, userMode, toPhysical),
    physical: dump.physical,
    image: dump,
    ...(resources && { resources }),
  })
  return kernel
}

function stextOf(vmcoreinfo: Vmcoreinfo): bigint {
  const stext = vmcoreinfo.symbol('_stext')
  if (stext !== undefined) return stext
  throw new UnsupportedError('cannot tell where the kernel image is', 'VMCOREINFO has no _stext')
}

function physicalOf(memory: PagedMemory, address: bigint): bigint {
  const physical = memory.translate(address)
  if (physical !== undefined) return physical
  // Reading tells which level of the page tables ended the walk.
  memory.read(address, new Uint8Array(1))
  throw new FaultError(address, 'its page is not mapped')
}
