import { Assembler } from '../../bpf/assembler.js'
import { HELPERS } from '../../bpf/helpers.js'
import { Program } from '../../bpf/program.js'
import { R0, R1, R2, R3, R4, R6, R7, R8 } from '../../bpf/registers.js'
import type { Btf } from '../../btf/btf.js'
import { UnsupportedError } from '../../errors.js'

/** Return addresses of a kernel stack: PERF_MAX_STACK_DEPTH, unless the machine was told otherwise. */
const MOST_FRAMES = 127

/** What is taken of a task, and where it lies in a record. Counts first: see {@link lookProgram}. */
export interface LookLayout {
  /** The size of a record without its kernel stack. */
  readonly head: number
  readonly offsetOf: (field: LookField) => number
  readonly regsAt: number
  readonly regsSize: number
  readonly has: (field: LookField) => boolean
}

const TASK_AT = 0
/** What `bpf_get_task_stack` gave: the bytes of the stack, or a negative error. */
export const STACK_RESULT_AT = 8
const FIELDS_AT = 16

const FIELDS = [
  { name: 'nvcsw', paths: ['nvcsw'], size: 8 },
  { name: 'nivcsw', paths: ['nivcsw'], size: 8 },
  // A kernel for one CPU has none.
  { name: 'on_cpu', paths: ['on_cpu'], size: 4 },
  { name: 'pid', paths: ['pid'], size: 4 },
  { name: 'tgid', paths: ['tgid'], size: 4 },
  { name: 'flags', paths: ['flags'], size: 4 },
  { name: 'exit_state', paths: ['exit_state'], size: 4 },
  // Linux 5.14 (2f064a59a11f), 5.16 (bcf9033e5449).
  { name: 'state', paths: ['__state', 'state'], size: 4 },
  { name: 'cpu', paths: ['thread_info.cpu', 'cpu'], size: 4 },
  { name: 'mm', paths: ['mm'], size: 8 },
  { name: 'comm', paths: ['comm'], size: 16 },
] as const

export type LookField = (typeof FIELDS)[number]['name']

interface Placed {
  readonly name: LookField
  /** In task_struct; undefined where this kernel has no such member. */
  readonly from: number | undefined
  readonly to: number
  readonly size: number
}

/** A program that looks at tasks, the map it works in, and what its records are like. */
export interface LookProgram {
  readonly program: Program
  readonly layout: LookLayout
}

/**
 * Loads a program for a BPF task iterator (Linux 5.8; helpers: 5.15) that writes for each task: its
 * switch counts, whether it is on a CPU, the registers with which it entered the kernel
 * (`bpf_task_pt_regs`), and its kernel stack (`bpf_get_task_stack`).
 *
 * The counts are read before everything else: if they are later still the same, and the task is not on a
 * CPU, what was read after them is of one and the same moment.
 */
export function loadLookProgram(btf: Btf, mapFd: number): LookProgram {
  const fields = placeFields(btf)
  const regsAt = FIELDS_AT + fields.reduce((sum, { size }) => sum + roundUp(size), 0)
  const regsSize = btf.get('pt_regs', 'struct').size
  const head = regsAt + roundUp(regsSize)
  const code = new Assembler()
  writeProgram(code, fields, { regsAt, regsSize, head }, mapFd)
  const program = Program.load({
    type: 'tracing',
    name: 'ksight_stacks',
    code,
    expectedAttachType: 'trace_iter',
    attachBtfId: btf.get('bpf_iter_task', 'func').id,
  })
  const of = (name: LookField) => fields.find((field) => field.name === name)!
  const offsetOf = (name: LookField) => of(name).to
  const has = (name: LookField) => of(name).from !== undefined
  return { program, layout: { head, regsAt, regsSize, offsetOf, has } }
}

/** Bytes of the largest record. */
export function largestRecord(btf: Btf): number {
  const fields = FIELDS.reduce((sum, { size }) => sum + roundUp(size), 0)
  return FIELDS_AT + fields + roundUp(btf.get('pt_regs', 'struct').size) + MOST_FRAMES * 8
}

const roundUp = (size: number) => Math.ceil(size / 8) * 8

function placeFields(btf: Btf): Placed[] {
  let to = FIELDS_AT
  return FIELDS.map(({ name, paths, size }) => {
    const at = to
    to += roundUp(size)
    return { name, from: offsetIn(btf, paths), to: at, size }
  })
}

function offsetIn(btf: Btf, paths: readonly string[]): number | undefined {
  for (const path of paths) {
    let holder = btf.resolve(btf.get('task_struct', 'struct').id)
    let offset = 0
    const isThere = path.split('.').every((name) => {
      if (holder.kind !== 'struct' && holder.kind !== 'union') return false
      const member = btf.findMember(holder, name)
      if (member === undefined) return false
      offset += member.bitOffset / 8
      holder = btf.resolve(member.type)
      return true
    })
    if (isThere) return offset
  }
  if (paths[0] === 'on_cpu') return undefined
  throw new UnsupportedError('cannot take stacks', `task_struct has no ${paths.join(' or ')}`)
}

interface Sizes {
  readonly regsAt: number
  readonly regsSize: number
  readonly head: number
}

/**
 * `int program(struct bpf_iter__task *ctx)` with ctx = { meta, task }. R6 is ctx, R7 the task, R8 the
 * record, which is put together in a map: it does not fit into a BPF stack.
 */
function writeProgram(
  a: Assembler,
  fields: readonly Placed[],
  { regsAt, regsSize, head }: Sizes,
  mapFd: number,
): void {
  a.mov(R6, R1)
  a.load('u64', R7, R6, 8)
  a.jeq(R7, 0, 'done')
  a.ldMapValue(R8, mapFd, 0)
  a.store('u64', R8, TASK_AT, R7)
  for (const field of fields) copyField(a, field)
  a.mov(R1, R7)
  a.call(HELPERS.task_pt_regs)
  a.mov(R3, R0)
  a.mov(R1, R8)
  a.add(R1, regsAt)
  a.mov(R2, regsSize)
  // Fills the registers with zeros where there are none.
  a.call(HELPERS.probe_read_kernel)
  a.mov(R1, R7)
  a.mov(R2, R8)
  a.add(R2, head)
  a.mov(R3, MOST_FRAMES * 8)
  a.mov(R4, 0)
  a.call(HELPERS.get_task_stack)
  a.store('u64', R8, STACK_RESULT_AT, R0)
  a.mov(R3, R0)
  // An error, as unsigned number, is larger.
  a.jle(R3, MOST_FRAMES * 8, 'taken')
  a.mov(R3, 0)
  a.label('taken')
  a.add(R3, head)
  a.load('u64', R1, R6, 0)
  a.load('u64', R1, R1, 0)
  a.mov(R2, R8)
  a.call(HELPERS.seq_write)
  a.label('done')
  a.mov(R0, 0)
  a.exit()
}

/** Numbers by loads in their order; what is behind a pointer type or an array by a helper. */
function copyField(a: Assembler, { name, from, to, size }: Placed): void {
  if (from === undefined) {
    a.store('u64', R8, to, 0)
  } else if (name === 'mm' || name === 'comm') {
    a.mov(R1, R8)
    a.add(R1, to)
    a.mov(R2, size)
    a.mov(R3, R7)
    a.add(R3, from)
    a.call(HELPERS.probe_read_kernel)
  } else {
    const width = size === 8 ? 'u64' : 'u32'
    a.load(width, R1, R7, from)
    a.store(width, R8, to, R1)
  }
}
