import { InconsistentError } from '../errors.js'

/** Who wrote a record: `printk_caller_id()` in the kernel, which tells a task only in task context. */
export type LogCaller = { readonly task: number } | { readonly cpu: number }

/** One message of the kernel log. */
export interface LogRecord {
  /** Counts all messages since boot. */
  readonly seq: bigint
  /** Nanoseconds since boot, by `local_clock()`, which stands still while the machine is suspended. */
  readonly timestamp: bigint
  /** 0 (KERN_EMERG) to 7 (KERN_DEBUG); see {@link LOG_LEVELS}. */
  readonly level: number
  /** 0 for the kernel itself; a message that a process wrote to /dev/kmsg has its own. */
  readonly facility: number
  /** Undefined where the kernel did not keep it (before Linux 5.1, and then by configuration). */
  readonly caller: LogCaller | undefined
  /** As it lies in memory, without the new line at its end; it need not be UTF-8. */
  readonly bytes: Uint8Array
  /** {@link bytes} as text. */
  readonly text: string
  /** What `dev_printk()` adds. */
  readonly subsystem: string | undefined
  readonly device: string | undefined
  /** Its writer may still have added to it (KERN_CONT); /dev/kmsg does not show it yet. */
  readonly unfinished: boolean
}

/** The names of levels, as dmesg has them, by number. */
export const LOG_LEVELS = [
  'emerg',
  'alert',
  'crit',
  'err',
  'warn',
  'notice',
  'info',
  'debug',
] as const

/** The names of facilities, as syslog(3) has them, by number. */
export const LOG_FACILITIES = [
  ...[
    'kern',
    'user',
    'mail',
    'daemon',
    'auth',
    'syslog',
    'lpr',
    'news',
    'uucp',
    'cron',
    'authpriv',
  ],
  ...['ftp', 'ntp', 'security', 'console', 'solaris-cron'],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
] as const

/** Set in a `caller_id` that is a CPU's number. */
const IS_CPU = 0x80000000

/** The meaning of `caller_id`, which is 0 where nobody wrote it. */
export function logCaller(callerId: number): LogCaller {
  return callerId >= IS_CPU ? { cpu: callerId - IS_CPU } : { task: callerId }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export function logText(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** Told, for each message that is there and cannot be shown, why that is. */
export type OnLost = (why: string) => void

export function damagedLog(why: string): InconsistentError {
  return new InconsistentError('the kernel log is damaged', why)
}
