import { spawnSync } from 'node:child_process'
import type { ThreadStack } from '../../../src/unwind/thread_stack.js'
import { procText } from '../../support/proc.js'
import type { GdbFrame, GdbStack } from '../../unwind/gdb.js'

/** How user stacks differ from gdb's, thread by thread and frame by frame. */
export function unlikeGdb(stacks: readonly ThreadStack[], oracle: readonly GdbStack[]): string[] {
  const found: string[] = []
  if (stacks.length !== oracle.length) found.push(`${stacks.length} threads, not ${oracle.length}`)
  for (const { tid, frames } of oracle) {
    const ours = stacks.find((stack) => stack.tid === tid)
    const count = Math.max(ours?.user.length ?? 0, frames.length)
    for (let i = 0; i < count; i++) {
      const why = unlike(ours?.user[i], frames[i], i === 0)
      if (why !== undefined) found.push(`${tid} #${i}: ${why}`)
    }
  }
  return found
}

function unlike(
  ours: ThreadStack['user'][number] | undefined,
  theirs: GdbFrame | undefined,
  innermost: boolean,
): string | undefined {
  if (ours === undefined || theirs === undefined) {
    return `${ours?.function ?? 'no frame'}, not ${theirs?.symbol?.[0] ?? 'no frame'}`
  }
  const text = `${ours.function}+${ours.offset} at ${ours.pc.toString(16)}`
  if (BigInt(theirs.pc) !== ours.pc) return `${text}, not at ${theirs.pc}`
  if (ours.signalFrame !== theirs.signal) return `${text} is ${theirs.signal ? 'a' : 'no'} signal`
  // gdb names stubs of a PLT by what they jump to, and a signal's frame not at all.
  const symbol = theirs.symbol?.[0].endsWith('@plt') || theirs.signal ? null : theirs.symbol
  if (symbol === null) return ours.signalFrame || !ours.function ? undefined : `${text}, not ??`
  // The offset of a call's last byte, for all but the innermost frame; a function has many names.
  const called = innermost ? [0] : [0, 1]
  if (!called.includes(ours.offset - symbol![1])) return `${text}, not ${symbol!.join('+')}`
  return undefined
}

/** `function+0xoffset` of each frame, as /proc/PID/stack shows them; undefined once it is gone. */
export function procStack(tgid: number, tid: number): string[] | undefined {
  const text = procText(`${tgid}/task/${tid}/stack`)
  return text?.split('\n').flatMap((line) => /^\[<0>\] ([^/]+)\//.exec(line)?.[1] ?? [])
}

/** The same of ours. */
export function kernelPlaces({ kernel }: ThreadStack): string[] {
  return kernel.map((frame) => `${frame.function}+0x${frame.offset.toString(16)}`)
}

/** Where each thread is and will return to, by tid, as eu-stack says. */
export function euStacks(pid: number): Map<number, bigint[]> {
  const { stdout } = spawnSync('eu-stack', ['-n', '0', '-p', String(pid)], { encoding: 'utf8' })
  const stacks = stdout.split(/^TID /m).slice(1)
  return new Map(
    stacks.map((text) => {
      const places = [...text.matchAll(/^#\d+ +(0x[0-9a-f]+)/gm)].map(([, pc]) => BigInt(pc!))
      return [Number.parseInt(text, 10), places]
    }),
  )
}

/** The functions of a user stack, innermost first. */
export function functionsOf({ user }: ThreadStack): string {
  return user.map((frame) => frame.function ?? '??').join(' ')
}
