import { UnsupportedError } from '../errors.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { taskMm } from './mm.js'

/** The kernel takes at most this much for arguments and environment (3/4 of _STK_LIM). */
const MAX_LENGTH = 6 * 1024 * 1024

/** A title that a program writes over its arguments may be this long (PAGE_SIZE). */
const MAX_TITLE = 4096

const decoder = new TextDecoder()

/**
 * The arguments of a process as /proc/PID/cmdline shows them (`get_mm_cmdline()`); none for a kernel
 * thread or a process that has exited. They lie in the process's own memory, so `kernel` must be
 * able to read that; else {@link UnsupportedError}.
 *
 * A program that has overwritten the end of its arguments (`setproctitle(3)`) shows one text, which
 * may reach into where its environment was.
 */
export function mmCmdline(kernel: Kernel, task: UntypedView): string[] {
  const mm = taskMm(task)
  if (mm === null || mm.env_end === 0n) return []
  const { arg_start, arg_end, env_start, env_end } = mm
  if (arg_start >= arg_end) return []
  const bytes = readUser(kernel, task, arg_start, arg_end)
  const isWhole = bytes.length === Number(arg_end - arg_start)
  if (!isWhole || bytes.at(-1) === 0) return strings(bytes)
  const end = env_start === arg_end && env_end >= env_start ? env_end : arg_end
  return strings(title(readUser(kernel, task, arg_start, end).subarray(0, MAX_TITLE)))
}

/** The environment that a process was started with, as /proc/PID/environ shows it. */
export function mmEnviron(kernel: Kernel, task: UntypedView): string[] {
  const mm = taskMm(task)
  if (mm === null || mm.env_end === 0n) return []
  return strings(readUser(kernel, task, mm.env_start, mm.env_end))
}

/** Up to the first NUL, and that too. */
function title(bytes: Uint8Array): Uint8Array {
  const nul = bytes.indexOf(0)
  return nul === -1 ? bytes : bytes.subarray(0, nul + 1)
}

/** NUL-terminated strings; the last one may lack its NUL. */
function strings(bytes: Uint8Array): string[] {
  if (bytes.length === 0) return []
  const text = decoder.decode(bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes)
  return text.split('\0')
}

function readUser(kernel: Kernel, task: UntypedView, start: bigint, end: bigint): Uint8Array {
  if (kernel.userMemory === undefined) {
    throw new UnsupportedError(
      `cannot read memory of process ${task.tgid}`,
      `${kernel.source} has no way to the memory of processes`,
    )
  }
  if (end <= start) return new Uint8Array(0)
  const length = Math.min(Number(end - start), MAX_LENGTH)
  const bytes = new Uint8Array(length)
  const count = kernel.userMemory.read(task, start, bytes)
  // Throws where the rest is missing in an image, for then it is not the end.
  if (count < length) kernel.userMemory.read(task, start + BigInt(count), new Uint8Array(1))
  return bytes.subarray(0, count)
}
