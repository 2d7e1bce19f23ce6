import type { NamedKernelFrame, NamedUserFrame, ThreadStack } from '../unwind/thread_stack.js'

/** Threads of one process with the same stacks. */
export interface StackGroup {
  readonly threads: readonly ThreadStack[]
  /** One of them, for all. */
  readonly like: ThreadStack
}

/** Threads that stand at the same places belong together; the largest groups come first. */
export function groupStacks(stacks: readonly ThreadStack[]): StackGroup[] {
  const groups = new Map<string, ThreadStack[]>()
  for (const stack of stacks) {
    const key = keyOf(stack)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [stack])
    else group.push(stack)
  }
  return [...groups.values()]
    .map((threads) => ({ threads, like: threads[0]! }))
    .sort((a, b) => b.threads.length - a.threads.length)
}

/** Each thread by itself. */
export function eachStack(stacks: readonly ThreadStack[]): StackGroup[] {
  return stacks.map((like) => ({ threads: [like], like }))
}

function keyOf({ tgid, state, syscall, kernel, user, userEnd, problem }: ThreadStack): string {
  const places = [...kernel, ...user].map(({ pc }) => pc.toString(36))
  return [tgid, state, syscall?.number, problem, userEnd?.reason, ...places].join(' ')
}

/** `function+0xoffset`, as the kernel writes it; `??` where nothing tells the function. */
export function placeOf(frame: NamedKernelFrame | NamedUserFrame): string {
  if (frame.function === undefined) return '??'
  return `${frame.function}+0x${frame.offset.toString(16)}`
}

/** Stacks as flame graph tools read them: outermost first, functions only, with the count. */
export function foldedLines(
  stacks: readonly ThreadStack[],
  comms: (stack: ThreadStack) => string,
): string[] {
  const counts = new Map<string, number>()
  for (const stack of stacks) {
    const user = stack.user.map((frame) => frame.function ?? `[${baseName(frame.module)}]`)
    // The suffix by which flame graphs tell the kernel's functions from others.
    const kernel = stack.kernel.map((frame) => `${frame.function ?? '??'}_[k]`)
    const frames = [...kernel, ...user].reverse()
    const line = [comms(stack), ...frames].map((name) => name.replace(/[;\n]/g, ':')).join(';')
    counts.set(line, (counts.get(line) ?? 0) + 1)
  }
  return [...counts].map(([line, count]) => `${line} ${count}`)
}

/** The last part of a path. */
export function baseName(path: string | undefined): string {
  return path === undefined ? '??' : (path.split('/').at(-1) ?? path)
}
