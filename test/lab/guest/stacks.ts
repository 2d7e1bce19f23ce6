// In a guest: compares the kernel stacks of all threads with /proc/PID/stack, while the end of some
// functions on them is watched. Prints JSON.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLive } from '../../../src/live/open_live.js'
import { readBytes } from '../../../src/memory/memory.js'
import { threads } from '../../support/proc.js'
import { compareWithProc } from '../../unwind/proc_stack.js'

const TRACING = '/sys/kernel/tracing'

/** What a sleeping process is in, innermost first: a kretprobe is at one, the graph tracer at the other. */
const PROBED = 'do_nanosleep'
const GRAPHED = 'hrtimer_nanosleep'

/** What the functions return to instead. */
const TRAMPOLINES = ['arch_rethook_trampoline', 'return_to_handler']

function watchReturns(): void {
  if (!existsSync(`${TRACING}/kprobe_events`)) {
    execFileSync('mount', ['-t', 'tracefs', 'tracefs', TRACING])
  }
  writeFileSync(`${TRACING}/kprobe_events`, `r:ksight_lab ${PROBED}\n`)
  writeFileSync(`${TRACING}/events/kprobes/ksight_lab/enable`, '1')
  writeFileSync(`${TRACING}/set_ftrace_filter`, `${GRAPHED}\n`)
  writeFileSync(`${TRACING}/current_tracer`, 'function_graph')
}

/** Whether an address is where a sleeping process's return addresses are. */
function isOnStack(pid: number, address: bigint): boolean {
  const task = kernel.findTask(pid)!
  const top: bigint = task.stack.$address + BigInt(kernel.threadSize)
  const bytes = readBytes(kernel.uncached, task.thread.sp, Number(top - task.thread.sp))
  return new BigUint64Array(bytes.buffer).includes(address)
}

watchReturns()
const sleeper = spawn('sleep', ['1000'])
await sleep(1000)
using kernel = openLive()
const all = threads()
const compared = all.flatMap(([tgid, tid]) => compareWithProc(kernel, tgid, tid) ?? [])
const answers = {
  threads: all.length,
  compared: compared.length,
  differ: compared.filter(({ told, found }) => `${told}` !== `${found}`),
  hidden: TRAMPOLINES.filter((name) => isOnStack(sleeper.pid!, kernel.symbols.get(name).address)),
  watched: compared.find(({ tid }) => tid === sleeper.pid)!.told,
}
sleeper.kill('SIGKILL')
console.log(JSON.stringify(answers))

export type Answers = typeof answers
