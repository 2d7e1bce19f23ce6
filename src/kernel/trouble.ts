import type { LogCaller, LogRecord } from './log_record.js'
import { type Taint, taintsOfLetters } from './taint.js'

/**
 * How the kernel begins to tell of something that went wrong. A warning is among them for
 * panic_on_warn; a line such as `Oops: 0002 [#1]`, from `die()`, follows most of the others.
 */
const TROUBLE = [
  /^(?:watchdog: )?BUG: /,
  /^kernel BUG at /i,
  /^(?:Oops: )?general protection fault/,
  /^(?:Internal error: )?[\w -]+(?:: [\w -]+)*: [0-9a-f]{4,16} \[#\d+\]/,
  /^Unable to handle kernel /,
  /^(?:NMI )?watchdog: Watchdog detected hard LOCKUP/i,
  /^(?:rcu: )?INFO: rcu\w* (?:self-)?detected/,
  /^INFO: task .* blocked for more than /,
  /^WARNING: .*\bat \S+[:+]/,
]

const DIE = /: [0-9a-f]{4,16} \[#\d+\]/

/** `CPU: 1 PID: 489 Comm: sh Tainted: G   OE   6.1.0`; newer kernels say `UID: 0` before the PID. */
const WHO = /\bCPU: (\d+) (?:UID: \d+ )?PID: (\d+) Comm: (.*?) (?:Not tainted|Tainted: ([A-Z ]+)) /

/** RIP of a kernel address, or `pc :` of arm64; that of user space has no symbol. */
const WHERE = /^(?:RIP: \d+:|pc : )([^\s[]+\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[\w+\])?)/

/** What a kernel said when something went wrong. */
export interface Trouble {
  /** Such as `BUG: kernel NULL pointer dereference, address: 0000000000000000`. */
  readonly message: string
  /** What `die()` printed, such as `Oops: 0002 [#1] PREEMPT SMP NOPTI`. */
  readonly oops: string | undefined
  /** Nanoseconds, see {@link LogRecord.timestamp}. */
  readonly timestamp: bigint
  readonly seq: bigint
  readonly caller: LogCaller | undefined
  /** The task that was running. */
  readonly cpu: number | undefined
  readonly pid: number | undefined
  readonly comm: string | undefined
  readonly taints: readonly Taint[] | undefined
  /** Where in the kernel, such as `vfs_write+0xf8/0x450`. */
  readonly ip: string | undefined
  /** As printed; what the unwinder is not sure of begins with a question mark. */
  readonly callTrace: readonly string[]
}

/** A line of the log; a message may be several. */
export interface LogLine {
  readonly text: string
  readonly record: LogRecord
}

/** The lines that the kernel itself wrote: what processes write has a facility of their own. */
export function kernelLines(records: Iterable<LogRecord>): LogLine[] {
  return [...records]
    .filter(({ facility }) => facility === 0)
    .flatMap((record) => record.text.split('\n').map((text) => ({ text, record })))
}

export const isTrouble = ({ text }: LogLine) => TROUBLE.some((beginning) => beginning.test(text))

/** The trouble that begins with the first of these lines. Other CPUs may have written in between. */
export function troubleFrom(lines: readonly LogLine[]): Trouble {
  const { text: message, record } = lines[0]!
  const own = lines
    .filter((line) => isSameCaller(line.record.caller, record.caller))
    .map(({ text }) => text)
  const [, cpu, pid, comm, letters] = firstMatch(own, WHO) ?? []
  return {
    message,
    oops: own.find((text) => DIE.test(text)),
    timestamp: record.timestamp,
    seq: record.seq,
    caller: record.caller,
    cpu: cpu === undefined ? undefined : Number(cpu),
    pid: pid === undefined ? undefined : Number(pid),
    comm,
    taints: pid === undefined ? undefined : taintsOfLetters(letters ?? ''),
    ip: firstMatch(own, WHERE)?.[1],
    callTrace: callTrace(own),
  }
}

/** The last trouble in the log, of a kernel that may well live on; undefined if there was none. */
export function lastTrouble(records: Iterable<LogRecord>): Trouble | undefined {
  const lines = kernelLines(records)
  const last = lines.findLastIndex(isTrouble)
  return last === -1 ? undefined : troubleFrom(lines.slice(beginningOf(lines, last)))
}

/** Trouble begins before the line that `die()` prints. */
export function beginningOf(lines: readonly LogLine[], index: number): number {
  const { caller, timestamp } = lines[index]!.record
  let first = index
  for (let at = index - 1; at >= 0 && at >= index - PREAMBLE; at--) {
    const line = lines[at]!
    const isOwn = isSameCaller(line.record.caller, caller)
    if (isOwn && isTrouble(line) && timestamp - line.record.timestamp < SAME_TIME) first = at
  }
  return first
}

/** So many lines at most are between the beginning of trouble and what `die()` prints. */
const PREAMBLE = 12

/** What is said within a second is one trouble. */
const SAME_TIME = 1_000_000_000n

export function isSameCaller(a: LogCaller | undefined, b: LogCaller | undefined): boolean {
  if (a === undefined || b === undefined) return true
  return 'task' in a ? 'task' in b && a.task === b.task : 'cpu' in b && a.cpu === b.cpu
}

function firstMatch(texts: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  for (const text of texts) {
    const match = pattern.exec(text)
    if (match !== null) return match
  }
  return undefined
}

const CALL_TRACE = /^Call Trace:|^Call trace:/
const FUNCTION = /^\s*((?:\? )?\S+\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[\w+\])?)\s*$/
const STACK_NAME = /^\s*<\/?\w+>\s*$/

function callTrace(texts: readonly string[]): string[] {
  const start = texts.findIndex((text) => CALL_TRACE.test(text))
  const trace: string[] = []
  for (const text of start === -1 ? [] : texts.slice(start + 1)) {
    const call = FUNCTION.exec(text)?.[1]
    if (call !== undefined) trace.push(call)
    else if (!STACK_NAME.test(text)) break
  }
  return trace
}
