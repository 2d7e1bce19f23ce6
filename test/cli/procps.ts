import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** A task as procps's ps lists it. */
export interface PsTask {
  readonly tgid: number
  readonly pid: number
  readonly ppid: number
  readonly state: string
  readonly ruid: number
  readonly euid: number
  readonly cpu: number
  readonly threads: number
  /** To the second. */
  readonly started: string
  readonly comm: string
}

export interface PsListing {
  /** The pid of ps itself. */
  readonly ps: number
  readonly tasks: ReadonlyMap<number, PsTask>
  /** How often each task had run before and after ps looked, where /proc still told. */
  readonly switchesBefore: ReadonlyMap<number, number>
  readonly switchesAfter: ReadonlyMap<number, number>
}

const FORMAT = 'pid=,lwp=,ppid=,s=,ruid=,euid=,psr=,nlwp=,lstart=,comm='

const LINE =
  /^ *(\d+) +(\d+) +(\d+) +(\S) +(\d+) +(\d+) +(\S+) +(\d+) +(\w+ \w+ +\d+ [\d:]+ \d+) (.*)$/

/** What ps lists: processes, or all threads. */
export function psListing(scope: 'processes' | 'threads'): PsListing {
  const switchesBefore = contextSwitches()
  const select = scope === 'processes' ? '-eo' : '-eLo'
  const { pid, stdout } = spawnSync('ps', [select, FORMAT], { encoding: 'utf8' })
  const tasks = new Map<number, PsTask>()
  for (const line of stdout.split('\n').slice(0, -1)) {
    const task = parse(line)
    tasks.set(task.pid, task)
  }
  return { ps: pid, tasks, switchesBefore, switchesAfter: contextSwitches() }
}

function parse(line: string): PsTask {
  const found = LINE.exec(line)
  if (found === null) throw new Error(`ps printed: ${line}`)
  const [, tgid, pid, ppid, state, ruid, euid, cpu, threads, started, comm] = found
  return {
    tgid: Number(tgid),
    pid: Number(pid),
    ppid: Number(ppid),
    state: state!,
    ruid: Number(ruid),
    euid: Number(euid),
    cpu: Number(cpu),
    threads: Number(threads),
    started: started!,
    comm: comm!,
  }
}

function contextSwitches(): Map<number, number> {
  const switches = new Map<number, number>()
  for (const tgid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const pid of tryTo(() => readdirSync(`/proc/${tgid}/task`)) ?? []) {
      const status = tryTo(() => readFileSync(`/proc/${tgid}/task/${pid}/status`, 'utf8'))
      const counts = status?.matchAll(/ctxt_switches:\t(\d+)/g)
      if (counts === undefined) continue
      switches.set(
        Number(pid),
        [...counts].reduce((sum, [, count]) => sum + Number(count), 0),
      )
    }
  }
  return switches
}

/** The result, or undefined for a task that has exited. */
function tryTo<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
