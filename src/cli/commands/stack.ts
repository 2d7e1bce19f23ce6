import { UsageError } from '../../errors.js'
import { openStacks } from '../../open_kernel.js'
import type { NamedKernelFrame, NamedUserFrame, ThreadStack } from '../../unwind/thread_stack.js'
import { openKernel } from '../open.js'
import type { GlobalOptions } from '../options.js'
import { showPointers } from '../pointers.js'
import { present } from '../present.js'
import { rows } from '../render/json.js'
import type { ShowPointer } from '../render/pointers.js'
import { printable } from '../render/printable.js'
import { stackText } from '../render/stack_text.js'
import { eachStack, foldedLines, groupStacks } from '../stack_groups.js'
import { writeOut } from '../stdio.js'

export interface StackOptions extends GlobalOptions {
  readonly user?: true
  readonly kernel?: true
  readonly each?: true
  readonly reverse?: true
  readonly folded?: true
  readonly all?: true
}

/** Both stacks of every thread of processes, or of single threads. */
export async function stack(pids: readonly number[], options: StackOptions): Promise<void> {
  if (options.user && options.kernel) {
    throw new UsageError('--user with --kernel', 'without either, both stacks are shown')
  }
  if ((pids.length === 0) !== (options.all === true)) {
    throw new UsageError('whose stacks?', 'name processes or threads, or say --all')
  }
  using kernel = openKernel(options)
  using stacks = openStacks(kernel)
  const found = options.all ? stacks.ofAll() : pids.flatMap((pid) => stacks.ofProcess(pid))
  await show(found, options)
}

async function show(all: readonly ThreadStack[], options: StackOptions): Promise<void> {
  const { each, reverse = false, folded } = options
  const stacks = all.map((stack) => withParts(stack, options))
  if (folded) {
    const lines = foldedLines(stacks, ({ comm }) => comm)
    writeOut(lines.map((line) => `${printable(line)}\n`).join(''))
    return
  }
  const pointer = showPointers(options)
  await present(
    {
      json: () => rows(stacks, (stack) => asJson(stack, pointer)),
      text: ({ style }) => {
        const groups = each ? eachStack(stacks) : groupStacks(stacks)
        return stackText(groups, { reverse, style })
      },
    },
    options,
  )
}

/** Without the stack that is not asked for. */
function withParts(stack: ThreadStack, { user, kernel }: StackOptions): ThreadStack {
  if (user) return { ...stack, kernel: [] }
  if (kernel) return { ...stack, user: [], userEnd: undefined }
  return stack
}

function asJson(stack: ThreadStack, show: ShowPointer) {
  const { tid, tgid, comm, state, kernelThread, cpu, wchan, syscall, userEnd, problem } = stack
  return {
    tid,
    tgid,
    comm,
    state,
    kernelThread,
    cpu,
    wchan: wchan ?? null,
    syscall: syscall === undefined ? null : { ...syscall, args: syscall.args.map(hexOf) },
    kernel: stack.kernel.map((frame) => kernelFrame(frame, show)),
    user: stack.user.map(userFrame),
    userEnd: userEnd ?? null,
    problem: problem ?? null,
    tries: stack.tries,
  }
}

function kernelFrame({ pc, function: name, offset, module }: NamedKernelFrame, show: ShowPointer) {
  return { pc: show(pc), function: name ?? null, offset, module: module ?? null }
}

function userFrame({ pc, function: name, module, ...rest }: NamedUserFrame) {
  return { pc: hexOf(pc), function: name ?? null, module: module ?? null, ...rest }
}

const hexOf = (value: bigint) => `0x${value.toString(16)}`
