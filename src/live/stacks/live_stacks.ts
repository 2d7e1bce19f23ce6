import type { TaskFilter } from '../../bpf/link.js'
import { FaultError, NotFoundError, PermissionError, UnsupportedError } from '../../errors.js'
import type { Kernel } from '../../kernel/kernel.js'
import { isKthread } from '../../kernel/kthread.js'
import { pidNrNs, taskActivePidNs, taskPidVnr } from '../../kernel/pid.js'
import { stateChar, taskStateToChar } from '../../kernel/state.js'
import { Owner } from '../../linux/owner.js'
import type { UntypedView } from '../../object/kernel_types.js'
import type { Registers } from '../../unwind/registers.js'
import type { NamedUserFrame, ThreadStack, ThreadStacks } from '../../unwind/thread_stack.js'
import { type UnwindEnd, type UserFrame, unwind } from '../../unwind/unwind.js'
import { CodeFiles } from './code_files.js'
import { KernelFrames } from './kernel_frames.js'
import { type Look, Looks } from './looks.js'
import { type CodeModule, ProcessCode } from './process_code.js'
import { copyStacks, type StackCopy } from './stack_copy.js'
import { syscallOf, userRegisters } from './user_registers.js'

/** A thread that ran while it was read is looked at again, so often. */
const MOST_TRIES = 10

/** From this try on there is a pause before, in milliseconds: it may take so long until a thread waits. */
const PATIENT_FROM = 4
const PAUSE = 1

/** The process that threads belong to. */
interface Process {
  readonly tgid: number
  /** Its pid as the caller sees it, and as it sees itself. */
  readonly pids: { readonly ours: number; readonly own: number }
  readonly root: UntypedView | undefined
}

interface Attempt {
  readonly look: Look
  readonly registers: Registers | undefined
  readonly problem: string | undefined
  readonly copy: StackCopy | undefined
}

/**
 * Both stacks of threads of the running kernel. No thread is stopped: the registers with which a
 * thread entered the kernel are taken from there, its memory is read from outside, and the counts of its
 * context switches tell whether it ran meanwhile. If it did, it is looked at again. What was read of
 * files is kept.
 */
export class LiveStacks implements ThreadStacks {
  private readonly owner = new Owner()
  private readonly looks: Looks
  private readonly files = new CodeFiles()
  private readonly kernelFrames: KernelFrames
  private namespace: UntypedView | null | undefined

  constructor(private readonly kernel: Kernel) {
    if (kernel.image !== undefined) {
      throw new UnsupportedError('cannot take stacks', `${kernel.source} is not the running kernel`)
    }
    const { looks, kernelFrames } = this.owner.orDispose(() => {
      return {
        looks: this.owner.own(new Looks(kernel)),
        kernelFrames: this.owner.own(new KernelFrames(kernel.types)),
      }
    })
    this.looks = looks
    this.kernelFrames = kernelFrames
  }

  /** The stacks of all threads of the process with this pid, in the order of their tids. */
  ofProcess(pid: number): ThreadStack[] {
    const task = this.findTask(pid)
    if (task.pid !== task.tgid) return this.ofThread(pid)
    const process = this.processOf(task)
    const taken = this.take(process, { pid: process.pids.ours })
    if (taken.length >= task.signal.nr_threads) return taken
    const tids = new Set(taken.map(({ tid }) => tid))
    const others = [...this.kernel.forEachThread(task)].filter((thread) => !tids.has(thread.pid))
    return inOrder([...taken, ...others.map(notShown)])
  }

  /** The stacks of one thread. */
  ofThread(tid: number): ThreadStack[] {
    const task = this.findTask(tid)
    const taken = this.take(this.processOf(task), { tid: this.pidOf(task) })
    return taken.length > 0 ? taken : [notShown(task)]
  }

  ofAll(): ThreadStack[] {
    const pids = [...this.kernel.forEachProcess()].map(({ pid }) => pid)
    return pids.flatMap((pid) => this.ifThere(pid))
  }

  /** Nothing of a process that has exited meanwhile. */
  private ifThere(pid: number): ThreadStack[] {
    try {
      return this.ofProcess(pid)
    } catch (error) {
      if (error instanceof NotFoundError || error instanceof FaultError) return []
      throw error
    }
  }

  private findTask(pid: number): UntypedView {
    const task = pid === 0 ? undefined : this.kernel.findTask(pid)
    if (task !== undefined) return task
    throw new NotFoundError(`no task ${pid}`, [], 'no process or thread has this PID')
  }

  private processOf(task: UntypedView): Process {
    const leader: UntypedView = task.group_leader
    return {
      tgid: task.tgid,
      pids: { ours: this.pidOf(leader), own: taskPidVnr(leader) },
      root: task.fs?.root,
    }
  }

  /** System calls take pids of the caller's namespace. */
  private pidOf(task: UntypedView): number {
    this.namespace ??= taskActivePidNs(this.kernel.current)
    const pid = this.namespace === null ? 0 : pidNrNs(task.thread_pid, this.namespace)
    if (pid !== 0) return pid
    throw new NotFoundError(`no task ${task.pid}`, [], 'it exited, or is in no namespace of ours')
  }

  private take(process: Process, filter: TaskFilter): ThreadStack[] {
    const taken = new Map<number, ThreadStack>()
    let looks = this.looks.at(filter)
    for (let tries = 1; looks.length > 0; tries++) {
      const moved = this.attempt(process, looks, tries, taken)
      if (tries === MOST_TRIES) {
        for (const look of moved) taken.set(look.pid, this.withoutStacks(look, tries))
        break
      }
      if (moved.length > 0 && tries >= PATIENT_FROM) pause(PAUSE)
      looks = this.again(moved, filter, tries, taken)
    }
    return inOrder([...taken.values()])
  }

  /** Takes the stacks of threads that stand still; gives those that did not. */
  private attempt(
    process: Process,
    looks: readonly Look[],
    tries: number,
    taken: Map<number, ThreadStack>,
  ): Look[] {
    const still = looks.filter(({ onCpu }) => !onCpu)
    const code = this.codeOf(process, still)
    const attempts = copyEach(process, still, code)
    const unmoved = this.looks.unmoved(still)
    const moved = looks.filter(({ onCpu }) => onCpu)
    this.kernelFrames.prepare(still.map(({ kernelStack = [] }) => kernelStack))
    attempts.forEach((attempt, i) => {
      const stack = unmoved[i] ? this.finish(attempt, code, tries) : undefined
      if (stack === undefined) moved.push(attempt.look)
      else taken.set(stack.tid, stack)
    })
    return moved
  }

  /** Unwinds; undefined if the thread moved before all was read. */
  private finish(
    { look, registers, problem, copy }: Attempt,
    code: ProcessCode | undefined,
    tries: number,
  ): ThreadStack | undefined {
    const base = this.describe(look, tries)
    if (registers === undefined || copy === undefined || code === undefined) {
      return { ...base, problem: problem ?? base.problem }
    }
    const { frames, end } = unwound(registers, copy, code)
    if (copy.readLate && !this.looks.unmoved([look])[0]) return undefined
    return { ...base, user: frames.map((frame) => nameUserFrame(frame)), userEnd: end }
  }

  /** Everything but the user stack. */
  private describe(look: Look, tries: number): ThreadStack {
    const kernel = (look.kernelStack ?? []).map((pc) => this.kernelFrames.at(pc))
    const state = stateChar(look.state, look.exitState)
    return {
      tid: look.pid,
      tgid: look.tgid,
      comm: look.comm,
      state,
      kernelThread: isKthread(look),
      cpu: look.cpu,
      // Of the scheduler's own functions there are none on the stack that is taken.
      wchan: state === 'R' ? undefined : kernel[0]?.function,
      syscall: syscallOf(look),
      kernel,
      user: [],
      userEnd: undefined,
      problem: undefined,
      tries,
    }
  }

  private withoutStacks(look: Look, tries: number): ThreadStack {
    const problem = look.onCpu
      ? `it runs on CPU ${look.cpu}: its stacks change while they are read`
      : 'it ran each time while it was read'
    const { kernel: _, syscall: __, ...base } = this.describe(look, tries)
    return { ...base, kernel: [], syscall: undefined, wchan: undefined, problem }
  }

  /** Looks again at threads; those that are gone are told of. */
  private again(
    moved: readonly Look[],
    filter: TaskFilter,
    tries: number,
    taken: Map<number, ThreadStack>,
  ): Look[] {
    if (moved.length === 0) return []
    const looks = new Map(this.looks.at(filter).map((look) => [look.pid, look]))
    return moved.flatMap((old) => {
      const look = looks.get(old.pid)
      if (look !== undefined) return [look]
      taken.set(old.pid, { ...this.withoutStacks(old, tries), problem: 'it exited meanwhile' })
      return []
    })
  }

  private codeOf(process: Process, looks: readonly Look[]): ProcessCode | undefined {
    const mm = looks.find((look) => typeof userRegisters(look) !== 'string')?.mm
    if (mm === undefined) return undefined
    this.kernel.drop()
    const view = this.kernel.at('mm_struct', mm)
    return new ProcessCode(this.kernel, view, process.root, process.pids, this.files)
  }

  [Symbol.dispose](): void {
    this.owner[Symbol.dispose]()
  }
}

function inOrder(stacks: ThreadStack[]): ThreadStack[] {
  return stacks.sort((a, b) => a.tid - b.tid)
}

/**
 * A thread that is on the list of its process only: it has just started, or it is of pid 1, which the
 * iterator of some kernels passes over.
 */
function notShown(task: UntypedView): ThreadStack {
  return {
    tid: task.pid,
    tgid: task.tgid,
    comm: task.comm,
    state: taskStateToChar(task),
    kernelThread: isKthread(task),
    cpu: task.$has('cpu') ? task.cpu : task.thread_info.cpu,
    wchan: undefined,
    syscall: undefined,
    kernel: [],
    user: [],
    userEnd: undefined,
    problem: 'the BPF task iterator does not show it',
    tries: 1,
  }
}

/** Copies the user stacks of those that have one. */
function copyEach(
  process: Process,
  looks: readonly Look[],
  code: ProcessCode | undefined,
): Attempt[] {
  const registers = looks.map(userRegisters)
  const pointers = registers.flatMap((found) => {
    return typeof found === 'string' ? [] : [found.stackPointer!]
  })
  const copies = code === undefined ? [] : copiesOrReason(process.pids.ours, pointers, code)
  let next = 0
  return looks.map((look, i) => {
    const found = registers[i]!
    const problem = typeof found === 'string' ? found : copies
    if (typeof problem === 'string') {
      return { look, registers: undefined, problem, copy: undefined }
    }
    return { look, registers: found as Registers, problem: undefined, copy: problem[next++] }
  })
}

/** Without the right to read the process's memory there is still a kernel stack. */
function copiesOrReason(
  pid: number,
  stackPointers: readonly bigint[],
  code: ProcessCode,
): StackCopy[] | string {
  try {
    return copyStacks(pid, stackPointers, code.endOfMapping)
  } catch (error) {
    if (error instanceof PermissionError) return error.message
    throw error
  }
}

function unwound(
  registers: Registers,
  copy: StackCopy,
  code: ProcessCode,
): { frames: UserFrame[]; end: UnwindEnd } {
  const walk = unwind(registers, copy, code.find)
  const frames: UserFrame[] = []
  for (;;) {
    const { done, value } = walk.next()
    if (done) return { frames, end: withProblem(value, frames.at(-1)) }
    frames.push(value)
  }
}

/** Where nothing describes the code of the last frame, perhaps because its file could not be read. */
function withProblem(end: UnwindEnd, last: UserFrame | undefined): UnwindEnd {
  const problem = (last?.module as CodeModule | undefined)?.problem
  if (end.reason !== 'lost' || problem === undefined) return end
  return { ...end, message: `${end.message} (${problem})` }
}

function nameUserFrame({ pc, at, module, signalFrame, how, certain }: UserFrame): NamedUserFrame {
  const symbol = (module as CodeModule | undefined)?.functionAt(at)
  return {
    pc,
    function: symbol?.name,
    offset: symbol === undefined ? 0 : Number(pc - symbol.address),
    module: module?.name,
    signalFrame,
    how,
    certain,
  }
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
