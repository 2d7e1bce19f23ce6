import { UnsupportedError } from '../errors.js'
import { type Memory, readBytes } from '../memory/memory.js'
import type { Struct } from '../object/kernel_types.js'
import type { ObjectSpace } from '../object/space.js'
import type { AddressRange } from '../symbols/areas.js'
import type { Symbols } from '../symbols/symbols.js'
import { listForEachEntry } from './list.js'

/** What of a {@link Kernel} is needed to find its modules. */
export interface ModuleHolder {
  readonly space: ObjectSpace
  readonly symbols: Symbols
}

/** `MODULE_STATE_UNFORMED`: still being set up, nothing of it can be relied on. */
const MODULE_STATE_UNFORMED = 3

/** More than any module's BTF. */
const MAX_BTF_SIZE = 1 << 26

/**
 * `list_for_each_entry(mod, &modules, list)`: the loaded modules, the newest first. None on a kernel
 * without modules; throws {@link UnsupportedError} where nothing tells where their list is.
 */
export function* forEachModule({ space, symbols }: ModuleHolder): Generator<Struct<'module'>> {
  if (!space.has('module', 'list')) return
  const head = symbols.find('modules')?.address
  if (head === undefined) {
    throw new UnsupportedError(
      'cannot find the list of modules',
      'the symbols do not list it',
      'it needs a kernel built with CONFIG_KALLSYMS_ALL',
    )
  }
  for (const module of listForEachEntry(space, head, 'module', 'list')) {
    if (module.state !== MODULE_STATE_UNFORMED) yield module
  }
}

/**
 * The memory that a module takes: `mem`, one area for each kind of section since Linux 6.4
 * (ac3b43283923), before `core_layout` and `init_layout`.
 */
export function moduleMemory(module: Struct<'module'>): AddressRange[] {
  const parts = module.$has('mem') ? module.mem : [module.core_layout, module.init_layout]
  return parts.flatMap(({ base, size }: Struct<'module_memory'>) => {
    const start: bigint = base?.$address ?? 0n
    return start === 0n || size === 0 ? [] : [{ start, end: start + BigInt(size) }]
  })
}

/**
 * A module's own BTF as /sys/kernel/btf/MODULE shows it, split BTF on top of the kernel's; undefined
 * if it has none. It is on the list `btf_modules` (Linux 5.11, 36e68442d1af): what `struct module`
 * points to is there only while the module is loaded.
 */
export function moduleBtf(
  { space, symbols }: ModuleHolder,
  module: Struct<'module'>,
): Uint8Array | undefined {
  const head = symbols.find('btf_modules')?.address
  if (head === undefined || !space.has('btf_module', 'list')) return undefined
  for (const entry of listForEachEntry(space, head, 'btf_module', 'list')) {
    if (entry.module?.$address === module.$address) return readBtf(space.memory, entry.btf)
  }
  return undefined
}

function readBtf(memory: Memory, btf: Struct<'btf'> | null): Uint8Array | undefined {
  if (btf === null || btf.data === null) return undefined
  const size: number = btf.data_size
  if (size <= MAX_BTF_SIZE) return readBytes(memory, btf.data.$address, size)
  throw new UnsupportedError('cannot read the BTF of a module', `it claims to have ${size} bytes`)
}
