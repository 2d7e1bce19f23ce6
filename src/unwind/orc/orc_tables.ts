import { KsightError } from '../../errors.js'
import type { Kernel } from '../../kernel/kernel.js'
import { forEachModule, moduleMemory } from '../../kernel/modules.js'
import type { Struct } from '../../object/kernel_types.js'
import type { AddressRange } from '../../symbols/areas.js'
import { findOrc } from './find_orc.js'
import { ORC_REG, type OrcEntry, type OrcFormat } from './orc_entry.js'
import { OrcTable } from './orc_table.js'

/** What called a NULL pointer put its return address onto the stack: `null_orc_entry`. */
const NULL_ENTRY: OrcEntry = {
  spReg: ORC_REG.SP,
  spOffset: 8,
  bpReg: ORC_REG.UNDEFINED,
  bpOffset: 0,
  type: 'call',
  signal: false,
}

/** A module's table, read when it is first needed; undefined if it has none. */
interface ModuleTable {
  readonly areas: readonly AddressRange[]
  readonly table: () => OrcTable | undefined
}

/** The ORC entries of a kernel and its modules. Mirrors `orc_find()`. */
export class OrcTables {
  private readonly image: OrcTable
  private modules: ModuleTable[] | undefined

  /** Reads the table of the image; throws {@link UnsupportedError}. */
  constructor(
    private readonly kernel: Kernel,
    private readonly format: OrcFormat,
  ) {
    this.image = new OrcTable(kernel.uncached, findOrc(kernel), format)
  }

  /** Undefined for code that no table is of, such as BPF programs. */
  find(ip: bigint): OrcEntry | undefined {
    if (ip === 0n) return NULL_ENTRY
    const symbol = this.kernel.symbols.nearest(ip)?.symbol
    if (symbol === undefined) return undefined
    if (symbol.module === undefined) return this.image.find(ip)
    this.modules ??= listModules(this.kernel, this.format)
    const isIn = ({ areas }: ModuleTable) => {
      return areas.some(({ start, end }) => ip >= start && ip < end)
    }
    return this.modules.find(isIn)?.table()?.find(ip)
  }
}

/** None where the list of modules is not to be found: their code is then taken for code without a table. */
function listModules(kernel: Kernel, format: OrcFormat): ModuleTable[] {
  try {
    return Array.from(forEachModule(kernel), (module) => ({
      areas: moduleMemory(module),
      table: once(() => moduleTable(kernel, module, format)),
    }))
  } catch (error) {
    if (error instanceof KsightError) return []
    throw error
  }
}

/** `mod->arch`; a table that cannot be read is none. */
function moduleTable(
  kernel: Kernel,
  { arch }: Struct<'module'>,
  format: OrcFormat,
): OrcTable | undefined {
  const ips: bigint = arch.orc_unwind_ip?.$address ?? 0n
  const entries: bigint = arch.orc_unwind?.$address ?? 0n
  const count: number = arch.num_orcs
  if (ips === 0n || entries === 0n || count === 0) return undefined
  try {
    return new OrcTable(kernel.uncached, { ips, entries, count }, format)
  } catch (error) {
    if (error instanceof KsightError) return undefined
    throw error
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
