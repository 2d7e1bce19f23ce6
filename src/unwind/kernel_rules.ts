import type { Kernel } from '../kernel/kernel.js'
import { type ReturnTrampolines, returnTrampolines } from './hidden_returns.js'
import { FRAME_POINTER_ENTRY, ORC_REG, type OrcEntry, OrcFormat } from './orc/orc_entry.js'
import type { OrcState } from './orc/orc_step.js'
import { OrcTables } from './orc/orc_tables.js'
import { PtRegs } from './pt_regs.js'

/** How the callers of a kernel's functions are found. */
export interface KernelRules {
  readonly ptRegs: PtRegs
  readonly trampolines: ReturnTrampolines
  /** Those members of a task_struct, of the ones that change when a task runs, which this kernel has. */
  readonly signsOfRunning: readonly string[]
  /** The rule for an address, at which a state is; undefined if there is none. */
  find(ip: bigint, state: OrcState): OrcEntry | undefined
}

/** Counts of context switches; and a CPU executes it, on a kernel with CONFIG_SMP. */
const SIGNS_OF_RUNNING = ['nvcsw', 'nivcsw', 'on_cpu']

const known = new WeakMap<Kernel, KernelRules>()

/** By ORC, or by frame pointers where a kernel has no ORC. Throws {@link UnsupportedError}. */
export function kernelRules(kernel: Kernel): KernelRules {
  let rules = known.get(kernel)
  if (rules === undefined) {
    rules = makeRules(kernel)
    known.set(kernel, rules)
  }
  return rules
}

function makeRules(kernel: Kernel): KernelRules {
  const ptRegs = new PtRegs(kernel.types)
  const format = OrcFormat.of(kernel.types)
  const common = {
    ptRegs,
    trampolines: returnTrampolines(kernel),
    signsOfRunning: SIGNS_OF_RUNNING.filter((name) => kernel.space.has('task_struct', name)),
  }
  if (format === undefined) return { ...common, find: (_ip, state) => framePointerRule(state) }
  const tables = new OrcTables(kernel, format)
  return { ...common, find: (ip) => tables.find(ip) }
}

/** `encode_frame_pointer()`: on the way into an interrupt, bp is made to lead to the registers, and odd. */
function framePointerRule({ bp }: OrcState): OrcEntry {
  if ((bp & 1n) === 0n) return FRAME_POINTER_ENTRY
  return {
    ...FRAME_POINTER_ENTRY,
    spOffset: -1,
    bpReg: ORC_REG.UNDEFINED,
    type: 'regs',
    signal: true,
  }
}
