import { FaultError } from '../errors.js'
import { readOrFault } from '../memory/memory.js'
import type { Kernel } from './kernel.js'
import type { LogRecord } from './log_record.js'
import { cpuCurr } from './percpu.js'
import { forEachLogRecord } from './printk.js'
import { type Taint, taints } from './taint.js'
import {
  beginningOf,
  isSameCaller,
  isTrouble,
  kernelLines,
  type LogLine,
  type Trouble,
  troubleFrom,
} from './trouble.js'
import { variableAddress } from './variable.js'

/** Why a kernel died. */
export interface Death {
  /** What `panic()` was given, such as `sysrq triggered crash`; undefined if it was not called. */
  readonly panic: string | undefined
  /** What went wrong before that, such as an oops. */
  readonly cause: Trouble | undefined
  /** Nanoseconds, see {@link LogRecord.timestamp}; undefined if the log does not tell. */
  readonly timestamp: bigint | undefined
  readonly cpu: number | undefined
  readonly pid: number | undefined
  readonly comm: string | undefined
  readonly taints: readonly Taint[] | undefined
  readonly callTrace: readonly string[]
  /** What could not be found out, and why. */
  readonly unknown: readonly string[]
}

const PANIC = /^Kernel panic - not syncing: (.*)/

const PANIC_CPU_INVALID = -1n

/** Nanoseconds: even over a slow serial line an oops is told by then. */
const LONGEST_STORY = 60_000_000_000n

/**
 * Why a kernel died, from `panic_cpu`, from the line that VMCOREINFO gets when a crash kernel is
 * started, and from the log, of which `records` are all; undefined if none of them says that it did.
 */
export function death(
  kernel: Kernel,
  records: Iterable<LogRecord> = forEachLogRecord(kernel),
): Death | undefined {
  const unknown: string[] = []
  const panicCpu = panicCpuOf(kernel, unknown)
  const lines = kernelLines(records)
  const panicAt = lines.findIndex(({ text }) => PANIC.test(text))
  if (panicAt === -1 && panicCpu === undefined && !wasCrashed(kernel)) return undefined
  const panic = panicAt === -1 ? undefined : troubleFrom(lines.slice(panicAt))
  const cause = causeOf(lines, panicAt)
  const told = [panic, cause].filter((trouble) => trouble !== undefined)
  const who = told.find(({ pid }) => pid !== undefined) ?? currentOf(kernel, panicCpu)
  return {
    panic: panic && PANIC.exec(panic.message)?.[1],
    cause,
    timestamp: (panic ?? cause)?.timestamp,
    cpu: panicCpu ?? who?.cpu,
    pid: who?.pid,
    comm: who?.comm,
    taints: taintsOf(kernel, unknown) ?? told.find((trouble) => trouble.taints)?.taints,
    callTrace: (cause ?? panic)?.callTrace ?? [],
    unknown,
  }
}

/** `panic_cpu`, unless it is PANIC_CPU_INVALID. */
function panicCpuOf(kernel: Kernel, unknown: string[]): number | undefined {
  const cpu = variable(kernel, 'panic_cpu', 4, unknown)
  return cpu === undefined || cpu === PANIC_CPU_INVALID ? undefined : Number(cpu)
}

function taintsOf(kernel: Kernel, unknown: string[]): Taint[] | undefined {
  const mask = variable(kernel, 'tainted_mask', kernel.types.pointerSize, unknown)
  return mask === undefined ? undefined : taints(mask)
}

/** `__crash_kexec()` notes the time: crash_save_vmcoreinfo(). */
function wasCrashed(kernel: Kernel): boolean {
  return kernel.vmcoreinfo.get('CRASHTIME') !== undefined
}

/** What went wrong just before the panic, or last if there was none. */
function causeOf(lines: readonly LogLine[], panicAt: number): Trouble | undefined {
  const panic = lines[panicAt]
  const before = panic === undefined ? lines : lines.slice(0, panicAt)
  const last = before.findLastIndex(
    (line) => isTrouble(line) && (!panic || isOneStory(line, panic)),
  )
  return last === -1 ? undefined : troubleFrom(before.slice(beginningOf(before, last)))
}

/** Told by the same task or CPU at about the same time. */
function isOneStory({ record: a }: LogLine, { record: b }: LogLine): boolean {
  return isSameCaller(a.caller, b.caller) && b.timestamp - a.timestamp < LONGEST_STORY
}

function currentOf(kernel: Kernel, cpu: number | undefined) {
  if (cpu === undefined || !kernel.cpus.includes(cpu)) return undefined
  const { pid, comm } = cpuCurr(kernel, cpu)
  return { cpu, pid: pid as number, comm: comm as string }
}

function variable(
  kernel: Kernel,
  name: string,
  size: number,
  unknown: string[],
): bigint | undefined {
  const address = variableAddress(kernel, name)
  if (address === undefined) {
    unknown.push(`${name}: no symbol tells where it is`)
    return undefined
  }
  const bytes = readOrFault(kernel.memory, { address, length: size })
  if (bytes instanceof FaultError) {
    unknown.push(`${name}: ${bytes.message}`)
    return undefined
  }
  const data = new DataView(bytes.buffer)
  const little = kernel.types.littleEndian
  return size === 4 ? BigInt(data.getInt32(0, little)) : data.getBigUint64(0, little)
}
