// In a guest: compares the kernel stacks of all threads with /proc/PID/stack, while the end of some
// functions on them is watched. Prints JSON.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLive } from '../../../src/live/open_live.js'
import { threads } from '../../support/proc.js'
import { compareWithProc } from '../../unwind/proc_stack.js'

const TRACING = '/sys/kernel/tracing'

/** What a sleeping process is in, innermost first: a kretprobe is at one, the graph tracer at the other. */
const PROBED = 'do_nanosleep'
const GRAPHED = 'hrtimer_nanosleep'

function watchReturns(): void {
  if (!existsSync(`${TRACING}/kprobe_events`)) {
    execFileSync('mount', ['-t', 'tracefs', 'tracefs', TRACING])
  }
  writeFileSync(`${TRACING}/kprobe_events`, `r:ksight_lab ${PROBED}\n`)
  writeFileSync(`${TRACING}/events/kprobes/ksight_lab/enable`, '1')
  writeFileSync(`${TRACING}/set_ftrace_filter`, `${GRAPHED}\n`)
  writeFileSync(`${TRACING}/current_tracer`, 'function_graph')
}

watchReturns()
const sleeper = spawn('sleep', ['1000'])
await sleep(1000)
using kernel = openLive()
const all = threads()
const compared = all.flatMap(([tgid, tid]) => compareWithProc(kernel, tgid, tid) ?? [])
sleeper.kill('SIGKILL')
const answers = {
  threads: all.length,
  compared: compared.length,
  differ: compared.filter(({ told, found }) => `${told}` !== `${found}`),
  watched: compared.find(({ tid }) => tid === sleeper.pid)!.told,
}
console.log(JSON.stringify(answers))

export type Answers = typeof answers
