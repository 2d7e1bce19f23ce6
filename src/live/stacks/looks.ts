import { IterLink, type TaskFilter } from '../../bpf/link.js'
import { BpfMap } from '../../bpf/map.js'
import type { Btf } from '../../btf/btf.js'
import { UnsupportedError } from '../../errors.js'
import { Columns } from '../../kernel/columns.js'
import type { Kernel } from '../../kernel/kernel.js'
import { Owner } from '../../linux/owner.js'
import { cString } from '../../object/c_string.js'
import {
  type LookField,
  type LookLayout,
  largestRecord,
  loadLookProgram,
  STACK_RESULT_AT,
} from './look_program.js'
import { readAll } from './read_all.js'

/** A thread as a look found it. */
export interface Look {
  /** The address of its task_struct. */
  readonly task: bigint
  readonly pid: number
  readonly tgid: number
  readonly comm: string
  readonly flags: number
  readonly state: number
  readonly exitState: number
  /** Where it runs, or ran last. */
  readonly cpu: number
  readonly onCpu: boolean
  /** How often it gave up a CPU, and how often one was taken from it. */
  readonly nvcsw: bigint
  readonly nivcsw: bigint
  /** The address of its address space; 0 if it has none. */
  readonly mm: bigint
  /** `struct pt_regs` at the top of its kernel stack; see {@link userRegisters}. */
  readonly regs: ReadonlyMap<string, bigint>
  /** Return addresses on its kernel stack, innermost first; undefined if it could not be unwound. */
  readonly kernelStack: readonly bigint[] | undefined
}

/** Of pt_regs: the registers that are unwound, and what tells where they come from. */
const REGISTERS = [
  ...['ax', 'bx', 'cx', 'dx', 'si', 'di', 'bp', 'sp', 'ip', 'flags', 'orig_ax', 'cs', 'ss'],
  ...['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'],
]

/** Looks at threads by a BPF task iterator; see {@link loadLookProgram}. */
export class Looks implements Disposable {
  private readonly owner = new Owner()
  private readonly layout: LookLayout
  private readonly attach: (filter: TaskFilter | undefined) => IterLink
  private readonly registers: readonly (readonly [name: string, offset: number])[]

  constructor(private readonly kernel: Kernel) {
    const { types } = kernel
    this.registers = registerOffsets(types)
    const { program, layout } = this.owner.orDispose(() => {
      const valueSize = largestRecord(types)
      const map = this.owner.own(
        BpfMap.create({
          type: 'array',
          keySize: 4,
          valueSize,
          maxEntries: 1,
          name: 'ksight_stack',
        }),
      )
      const loaded = loadLookProgram(types, map.fd.number)
      this.owner.own(loaded.program)
      return loaded
    })
    this.layout = layout
    this.attach = (filter) => IterLink.attach(program, filter)
  }

  /** The threads of a process, one thread, or all there are; by their pids as the caller sees them. */
  at(filter?: TaskFilter): Look[] {
    using link = this.attach(filter)
    using iteration = link.iterate()
    return this.parse(readAll(iteration))
  }

  /**
   * Which of these threads are as they were, so that what was read since is of one moment: not on a CPU,
   * and not switched to in between. A thread first gets a CPU and is counted when it gives it up, so that
   * CPUs are looked at before counts.
   */
  unmoved(looks: readonly Look[]): boolean[] {
    const { space, uncached } = this.kernel
    const hasCpu = this.layout.has('on_cpu')
    const paths = [...(hasCpu ? ['on_cpu'] : []), 'nvcsw', 'nivcsw', 'pid']
    const columns = new Columns(space, space.struct('task_struct').type, paths)
    const addresses = looks.map(({ task }) => task)
    const rows = [...columns.decodeAll(columns.collect(uncached, addresses))]
    return looks.map(({ nvcsw, nivcsw, pid, onCpu }, i) => {
      const now = rows[i]!
      const isOff = !onCpu && (!hasCpu || now.on_cpu === 0)
      return isOff && now.nvcsw === nvcsw && now.nivcsw === nivcsw && now.pid === pid
    })
  }

  private parse(bytes: Uint8Array): Look[] {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const { head } = this.layout
    const found: Look[] = []
    for (let at = 0; at + head <= bytes.length; ) {
      const size = Math.max(Number(view.getBigInt64(at + STACK_RESULT_AT, true)), 0)
      if (at + head + size > bytes.length) break
      found.push(this.look(view, at, size))
      at += head + size
    }
    return found
  }

  private look(view: DataView, at: number, stackSize: number): Look {
    const { offsetOf, regsAt, head } = this.layout
    const u32 = (field: LookField) => view.getUint32(at + offsetOf(field), true)
    const u64 = (field: LookField) => view.getBigUint64(at + offsetOf(field), true)
    const comm = new Uint8Array(view.buffer, view.byteOffset + at + offsetOf('comm'), 16)
    return {
      task: view.getBigUint64(at, true),
      pid: u32('pid'),
      tgid: u32('tgid'),
      comm: cString(comm),
      flags: u32('flags'),
      state: u32('state'),
      exitState: u32('exit_state'),
      cpu: u32('cpu'),
      onCpu: u32('on_cpu') !== 0,
      nvcsw: u64('nvcsw'),
      nivcsw: u64('nivcsw'),
      mm: u64('mm'),
      regs: new Map(
        this.registers.map(([name, offset]) => {
          return [name, view.getBigUint64(at + regsAt + offset, true)]
        }),
      ),
      kernelStack:
        stackSize === 0
          ? undefined
          : Array.from({ length: stackSize / 8 }, (_, i) => {
              return view.getBigUint64(at + head + i * 8, true)
            }),
    }
  }

  [Symbol.dispose](): void {
    this.owner[Symbol.dispose]()
  }
}

function registerOffsets(btf: Btf): [string, number][] {
  const regs = btf.get('pt_regs', 'struct')
  return REGISTERS.map((name) => {
    const member = btf.findMember(regs, name)
    if (member !== undefined) return [name, member.bitOffset / 8]
    throw new UnsupportedError('cannot take user registers', 'this is no x86-64 kernel')
  })
}
