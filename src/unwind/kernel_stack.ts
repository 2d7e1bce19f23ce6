import { hex } from '../bytes/hex.js'
import { FaultError, InconsistentError, type KsightError } from '../errors.js'
import type { CpuState } from '../kernel/image_facts.js'
import type { Kernel } from '../kernel/kernel.js'
import { cpuCurr } from '../kernel/percpu.js'
import { taskCpu } from '../kernel/sched.js'
import type { UntypedView } from '../object/kernel_types.js'
import { freshCopy } from './fresh_copy.js'
import { HiddenReturns } from './hidden_returns.js'
import { type KernelFunction, kernelFunctionAt } from './kernel_function.js'
import { type KernelRules, kernelRules } from './kernel_rules.js'
import { cpuStacks, type StackArea, type StackKind, taskStack } from './kernel_stack_areas.js'
import { FRAME_POINTER_ENTRY } from './orc/orc_entry.js'
import { type OrcState, OrcStep } from './orc/orc_step.js'
import { StackVisits } from './orc/stack_visits.js'
import { type NamedRegisters, userMode } from './pt_regs.js'

/** A frame of a kernel stack. */
export interface KernelFrame {
  /** Where it runs, or will go on when what it called returns. */
  readonly ip: bigint
  /** The stack pointer there. */
  readonly sp: bigint
  /** Undefined if no function is there: a call through a NULL pointer. */
  readonly function: KernelFunction | undefined
  /** Undefined if its stack pointer is on none of the known stacks. */
  readonly stack: StackKind | undefined
  /** Whether it surely is a frame; what comes after a guess is not, and is written with a `?`. */
  readonly reliable: boolean
  /** The registers when it was interrupted here; of some interrupts, only those that the CPU pushes. */
  readonly registers: NamedRegisters | undefined
}

/** Why there are no more frames. */
export interface KernelStackEnd {
  readonly reason: /** It came from user space. */
    | 'user mode'
    /** It has no caller, as in kernel threads. */
    | 'end of stack'
    /** It is being executed, so that its registers are in a CPU, and not known. */
    | 'running'
    /** The rest could not be found. */
    | 'lost'
  /** Why, where the reason alone does not say it. */
  readonly message: string
}

/** A task's stack in the kernel. */
export interface KernelStack {
  /** Innermost first. */
  readonly frames: readonly KernelFrame[]
  readonly end: KernelStackEnd
  /** With which it will go on in user space, or is there. */
  readonly userRegisters: NamedRegisters | undefined
}

/** No stacks hold more. */
const MAX_FRAMES = 4096

/** So often is a task looked at that runs meanwhile. */
const TRIES = 4

/**
 * The kernel stack of a task of an x86-64 kernel: from the registers of the CPU that runs it, if a memory
 * image has them (or `cpu` gives them), or from `task->thread.sp` if it sleeps. What memory holds never
 * makes it throw but where the kernel cannot be unwound at all ({@link UnsupportedError}) or the task is
 * gone ({@link FaultError}).
 */
export function kernelStack(
  kernel: Kernel,
  task: UntypedView,
  cpu: CpuState | undefined = cpuOf(kernel, task),
): KernelStack {
  const rules = kernelRules(kernel)
  if (cpu !== undefined) {
    const areas = [...taskStack(kernel, task), ...cpuStacks(kernel, cpu.cpu)]
    return walk(kernel, rules, task, areas, stateOfCpu(cpu.registers))
  }
  for (let tries = TRIES; tries > 0; tries--) {
    const before = freshCopy(kernel, task)
    if (isRunning(kernel, rules, before)) return running(before, 'it is being executed')
    const stack = walkSleeping(kernel, rules, before)
    if (kernel.image !== undefined || sleptThrough(rules, before, freshCopy(kernel, task)))
      return stack
  }
  return running(task, 'it runs again and again')
}

function isRunning(kernel: Kernel, rules: KernelRules, task: UntypedView): boolean {
  if (rules.signsOfRunning.includes('on_cpu')) return task.on_cpu !== 0
  return cpuCurr(kernel, 0).$address === task.$address
}

/** Whether a task has not run between two looks at it. */
function sleptThrough(rules: KernelRules, before: UntypedView, after: UntypedView): boolean {
  if (before.pid !== after.pid || before.thread.sp !== after.thread.sp) return false
  return rules.signsOfRunning.every((name) => before[name] === after[name])
}

function running(task: UntypedView, why: string): KernelStack {
  const message = `${why} on CPU ${taskCpu(task)}, and nothing tells its registers`
  return ended([], 'running', message)
}

/** The registers that an image has of the CPU that a task is on. */
function cpuOf(kernel: Kernel, task: UntypedView): CpuState | undefined {
  const state = kernel.image?.cpus.find(({ cpu }) => cpu === taskCpu(task))
  if (state === undefined || !state.registers.has('ip')) return undefined
  if (!kernel.cpus.includes(state.cpu)) return undefined
  return cpuCurr(kernel, state.cpu).$address === task.$address ? state : undefined
}

function stateOfCpu(registers: NamedRegisters): OrcState {
  const value = (name: string) => registers.get(name) ?? 0n
  const [ip, sp, bp] = [value('ip'), value('sp'), value('bp')]
  return { ip, sp, bp, exact: true, registers, full: true }
}

function walkSleeping(kernel: Kernel, rules: KernelRules, task: UntypedView): KernelStack {
  const areas = taskStack(kernel, task)
  if (areas.length === 0) {
    return ended([], 'lost', 'it has exited, and its stack was let go of')
  }
  try {
    return walk(kernel, rules, task, areas, stateOfSleeper(kernel, task))
  } catch (error) {
    if (!isLost(error)) throw error
    return ended([], 'lost', error.message)
  }
}

/** What `__switch_to_asm()` pushed, `struct inactive_task_frame`, which `thread.sp` points to. */
function stateOfSleeper(kernel: Kernel, task: UntypedView): OrcState {
  const saved: bigint = task.thread.sp
  const frame = freshCopy(kernel, kernel.at('inactive_task_frame', saved))
  const ip: bigint = frame.ret_addr
  // A new task starts there, rather than return to it: ret_from_fork, and ret_from_fork_asm since Linux 6.6.
  const nearest = kernel.symbols.nearest(ip)
  const exact = nearest?.offset === 0 && nearest.symbol.name.startsWith('ret_from_fork')
  return { ip, sp: saved + BigInt(frame.$size), bp: frame.bp, exact }
}

function walk(
  kernel: Kernel,
  rules: KernelRules,
  task: UntypedView,
  areas: readonly StackArea[],
  start: OrcState,
): KernelStack {
  const visits = new StackVisits(areas)
  const returns = new HiddenReturns(kernel, rules.trampolines, task)
  const step = new OrcStep(kernel.uncached, rules.ptRegs, visits, returns)
  const frames: KernelFrame[] = []
  let reliable = isOnStack(visits, start.sp)
  let state = start
  while (frames.length < MAX_FRAMES) {
    const { registers } = state
    if (registers !== undefined && userMode(registers)) {
      return ended(frames, 'user mode', '', allRegisters(state))
    }
    const { ip, sp, exact } = state
    const place = kernelFunctionAt(kernel.symbols, ip, exact)
    if (place === undefined && !(exact && ip === 0n)) {
      return ended(frames, 'lost', `the address ${hex(ip)} leads to no code of the kernel`)
    }
    frames.push({ ip, sp, function: place, stack: visits.kindOf(sp), reliable, registers })
    const rule = rules.find(exact ? ip : ip - 1n, state)
    reliable &&= rule !== undefined
    const orc = rule ?? FRAME_POINTER_ENTRY
    if (orc.type === 'end of stack') return ended(frames, 'end of stack')
    if (orc.type === 'undefined') {
      return ended(frames, 'lost', 'nothing describes how its caller is found')
    }
    try {
      state = step.next(state, orc)
    } catch (error) {
      if (isLost(error)) return ended(frames, 'lost', error.message)
      throw error
    }
  }
  return ended(frames, 'lost', `there are more than ${MAX_FRAMES} frames`)
}

function isOnStack(visits: StackVisits, sp: bigint): boolean {
  try {
    visits.enter(sp, 8)
    return true
  } catch (error) {
    if (isLost(error)) return false
    throw error
  }
}

/** What the CPU did not push is what it was in the state before, which did not change it. */
function allRegisters({ registers, before }: OrcState): NamedRegisters {
  return new Map([...(before ?? []), ...registers!])
}

function ended(
  frames: readonly KernelFrame[],
  reason: KernelStackEnd['reason'],
  message = '',
  userRegisters?: NamedRegisters,
): KernelStack {
  return { frames, end: { reason, message }, userRegisters }
}

/** Whether an error says that a stack is not what it should be. */
function isLost(error: unknown): error is KsightError {
  return error instanceof InconsistentError || error instanceof FaultError
}
