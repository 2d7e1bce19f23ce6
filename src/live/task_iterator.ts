import { Assembler } from '../bpf/assembler.js'
import { HELPERS } from '../bpf/helpers.js'
import { IterLink, type TaskFilter } from '../bpf/link.js'
import { Program } from '../bpf/program.js'
import { R0, R1, R2, R3, R6, R7, R8, R10 } from '../bpf/registers.js'
import type { Btf } from '../btf/btf.js'
import { UnsupportedError, UsageError } from '../errors.js'
import type { Column, Columns } from '../kernel/columns.js'
import type { TaskScope, TaskSource } from '../kernel/task_source.js'
import type { Fd } from '../linux/fd.js'

/** BPF programs have 512 bytes of stack; one word of it holds the pointer that is being followed. */
const LARGEST_RECORD = 512 - 8

/** The kernel hands over at most 8 pages per read. */
const READ_SIZE = 8 * 4096

/** Loads by their width in bytes, the widest first. */
const WIDTHS = [
  [8, 'u64'],
  [4, 'u32'],
  [2, 'u16'],
  [1, 'u8'],
] as const

/**
 * All tasks by a BPF task iterator (Linux 5.8): the kernel walks them itself, and a small program,
 * compiled from the columns that are wanted, writes one record for each.
 */
export class TaskIterator implements TaskSource {
  private someTask: bigint | undefined

  constructor(private readonly btf: Btf) {}

  records(columns: Columns, scope: TaskScope): Uint8Array {
    const records = this.iterate(columns, scope, undefined, (fd) => readAll(fd, columns.stride))
    for (const address of columns.addresses(records)) {
      this.someTask = address
      break
    }
    return records
  }

  /** The address of a task, no matter which: of the latest iteration, if there was one. */
  anyTask(columns: Columns): bigint {
    if (this.someTask !== undefined) return this.someTask
    for (const address of columns.addresses(this.firstRecords(columns))) return address
    throw new UnsupportedError('no task found', 'the BPF task iterator shows none')
  }

  /** The records of the first few tasks; takes no longer where there are very many. */
  private firstRecords(columns: Columns): Uint8Array {
    return this.iterate(columns, 'threads', undefined, (fd) => {
      const bytes = new Uint8Array(READ_SIZE)
      return bytes.subarray(0, fd.read(bytes))
    })
  }

  /** The record of one thread, by its pid in the caller's namespace (Linux 6.1). */
  recordOf(columns: Columns, tid: number): Uint8Array {
    return this.iterate(columns, 'threads', { tid }, (fd) => readAll(fd, columns.stride))
  }

  private iterate(
    columns: Columns,
    scope: TaskScope,
    filter: TaskFilter | undefined,
    read: (iteration: Fd) => Uint8Array,
  ): Uint8Array {
    using program = Program.load({
      type: 'tracing',
      name: 'ksight_tasks',
      code: taskProgram(columns, scope),
      expectedAttachType: 'trace_iter',
      attachBtfId: this.btf.get('bpf_iter_task', 'func').id,
    })
    using link = IterLink.attach(program, filter)
    using iteration = link.iterate()
    return read(iteration)
  }
}

function readAll(fd: Fd, stride: number): Uint8Array {
  let all = new Uint8Array(READ_SIZE * 4)
  let length = 0
  for (;;) {
    if (all.length - length < READ_SIZE) all = grown(all)
    const count = fd.read(all.subarray(length, length + READ_SIZE))
    if (count === 0) return all.subarray(0, length - (length % stride))
    length += count
  }
}

function grown(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2)
  larger.set(bytes)
  return larger
}

/**
 * `int program(struct bpf_iter__task *ctx)` with ctx = { meta, task }: fills a record on the stack
 * and writes it. R6 is ctx, R7 the task, R8 the pointer that is followed.
 */
function taskProgram(columns: Columns, scope: TaskScope): Assembler {
  const { stride } = columns
  if (stride > LARGEST_RECORD) {
    throw new UsageError('too many columns', `their ${stride} bytes do not fit into a BPF stack`)
  }
  const record = -stride
  const scratch = record - 8
  const a = new Assembler()
  a.mov(R6, R1)
  a.load('u64', R7, R6, 8)
  a.jeq(R7, 0, 'done')
  if (scope === 'processes') skipUnlessLeader(a, columns, scratch)
  for (let at = record; at < 0; at += 8) a.store('u64', R10, at, 0)
  a.store('u64', R10, record, R7)
  columns.columns.forEach((column, index) => {
    readColumn(a, column, index, record, scratch)
  })
  a.load('u64', R1, R6, 0)
  a.load('u64', R1, R1, 0)
  a.mov(R2, R10)
  a.add(R2, record)
  a.mov(R3, stride)
  a.call(HELPERS.seq_write)
  a.label('done')
  a.mov(R0, 0)
  a.exit()
  return a
}

function skipUnlessLeader(a: Assembler, columns: Columns, scratch: number): void {
  const leader = columns.struct.members.find((member) => member.name === 'group_leader')
  readKernel(a, scratch, 8, R7, (leader?.bitOffset ?? 0) / 8)
  a.load('u64', R8, R10, scratch)
  a.jne(R8, R7, 'done')
}

/**
 * Numbers in the task itself are read by loads, which the verifier checks against the kernel's BTF.
 * Pointers to structs are not, though they could be: for each of those the verifier looks through
 * all names of the BTF, which takes longer than the helper does for ten thousand tasks.
 */
function readColumn(
  a: Assembler,
  { hops, size, at }: Column,
  index: number,
  record: number,
  scratch: number,
): void {
  if (hops.length === 1) {
    readMember(a, record + at, size, hops[0]!)
    return
  }
  a.mov(R8, R7)
  for (const hop of hops.slice(0, -1)) {
    readKernel(a, scratch, 8, R8, hop)
    a.jne(R0, 0, `missing${index}`)
    a.load('u64', R8, R10, scratch)
    a.jeq(R8, 0, `missing${index}`)
  }
  readKernel(a, record + at, size, R8, hops.at(-1)!)
  a.jeq(R0, 0, `next${index}`)
  a.label(`missing${index}`)
  a.load('u64', R1, R10, record + 8)
  setBit(a, index)
  a.store('u64', R10, record + 8, R1)
  a.label(`next${index}`)
}

/** Copies a member of the task, in loads as wide as they may be. */
function readMember(a: Assembler, to: number, size: number, offset: number): void {
  const width = WIDTHS.find(([bytes]) => size % bytes === 0)!
  const [bytes, load] = width
  for (let done = 0; done < size; done += bytes) {
    a.load(load, R1, R7, offset + done)
    a.store(load, R10, to + done, R1)
  }
}

function setBit(a: Assembler, index: number): void {
  a.mov(R2, 1)
  a.lsh(R2, index)
  a.or(R1, R2)
}

/** `bpf_probe_read_kernel(fp + to, size, base + offset)` */
function readKernel(a: Assembler, to: number, size: number, base: typeof R7, offset: number): void {
  a.mov(R1, R10)
  a.add(R1, to)
  a.mov(R2, size)
  a.mov(R3, base)
  if (offset !== 0) a.add(R3, offset)
  a.call(HELPERS.probe_read_kernel)
}
