import type {
  NamedKernelFrame,
  NamedUserFrame,
  SyscallEntry,
  ThreadStack,
} from '../../unwind/thread_stack.js'
import { baseName, placeOf, type StackGroup } from '../stack_groups.js'
import { printable } from './printable.js'
import type { Style } from './style.js'

export interface StackTextOptions {
  /** Outermost first. */
  readonly reverse: boolean
  readonly style: Style
}

/** TIDs that are listed above a stack that very many threads have. */
const MOST_TIDS = 8

const MODE_CHANGE = '-------- user mode --------'

/** Groups of threads with their stacks, a blank line between them. */
export function stackText(groups: readonly StackGroup[], options: StackTextOptions): string {
  return groups.map((group) => groupText(group, options)).join('\n')
}

function groupText({ threads, like }: StackGroup, { reverse, style }: StackTextOptions): string {
  const kernel = like.kernel.map(kernelLine)
  const user = like.user.map(userLine)
  const change = kernel.length > 0 && user.length > 0 ? [MODE_CHANGE] : []
  const frames = [...kernel, ...change, ...user, ...userEnd(like)].map((line) => {
    return line === MODE_CHANGE ? style.dim(`    ${line}`) : `    ${printable(line)}`
  })
  if (reverse) frames.reverse()
  const lines = [style.bold(printable(title(threads))), ...waits(like), ...frames]
  return `${lines.join('\n')}\n`
}

function title(threads: readonly ThreadStack[]): string {
  const { comm, state, tid, kernelThread } = threads[0]!
  const names = [...new Set(threads.map((thread) => thread.comm))]
  const name = kernelThread ? `[${comm}]` : names.slice(0, 3).join(', ')
  if (threads.length === 1) return `${tid} ${name} ${state}`
  const tids = threads.slice(0, MOST_TIDS).map((thread) => thread.tid)
  const more = threads.length > tids.length ? ', …' : ''
  return `${threads.length} threads: ${name}${names.length > 3 ? ', …' : ''} ${state}: ${tids.join(', ')}${more}`
}

/** What a thread waits in. */
function waits({ wchan, syscall }: ThreadStack): string[] {
  const parts = [
    ...(wchan === undefined ? [] : [`waits in ${wchan}`]),
    ...(syscall === undefined ? [] : [`system call ${syscallText(syscall)}`]),
  ]
  return parts.length === 0 ? [] : [`  ${parts.join(', ')}`]
}

function syscallText({ name, args }: SyscallEntry): string {
  return `${name}(${args.map((arg) => `0x${arg.toString(16)}`).join(', ')})`
}

function kernelLine(frame: NamedKernelFrame): string {
  return frame.module === undefined ? placeOf(frame) : `${placeOf(frame)} [${frame.module}]`
}

/** Why frames are missing, where some are. */
function userEnd({ userEnd, problem, kernelThread }: ThreadStack): string[] {
  if (problem !== undefined) return kernelThread ? [] : [`(${problem})`]
  return userEnd === undefined || userEnd.reason === 'outermost' ? [] : [`(${userEnd.message})`]
}

/** What was guessed has a question mark, as in the kernel's own stacks. */
function userLine(frame: NamedUserFrame): string {
  const place =
    frame.function === undefined ? `0x${frame.pc.toString(16).padStart(12, '0')}` : placeOf(frame)
  return `${frame.certain ? '' : '? '}${place}  ${baseName(frame.module)}${frame.signalFrame ? ' (signal)' : ''}`
}
