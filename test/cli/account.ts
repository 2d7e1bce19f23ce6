import type { PsListing, PsTask } from './procps.js'

/** A task as ksight lists it, as far as compared. */
export interface ListedTask {
  readonly tgid: number
  readonly pid: number
  readonly comm: string
  readonly state: string
  readonly threads: number
  readonly ppid?: number
  readonly ruid?: number
  readonly euid?: number
  readonly cpu?: number
}

/** What was compared, for a test to make sure that it was not nothing. */
export interface Account {
  readonly compared: number
  readonly statesCompared: number
  /** What cannot be explained by tasks that started, ended or ran meanwhile. */
  readonly unexplained: readonly string[]
}

/**
 * Compares what ksight listed with what ps listed just before and just after. A task that is in both
 * of ps's listings must be in ksight's, as it is there; one that ksight alone saw must have started
 * after the first of them.
 */
export function account(
  before: PsListing,
  listed: readonly ListedTask[],
  after: PsListing,
): Account {
  const unexplained: string[] = []
  const byPid = new Map(listed.map((task) => [task.pid, task]))
  if (byPid.size !== listed.length) unexplained.push('a task is listed twice')
  let compared = 0
  let statesCompared = 0
  for (const first of before.tasks.values()) {
    const second = after.tasks.get(first.pid)
    // It ended, or its pid is another task's by now.
    if (second === undefined || second.started !== first.started) continue
    const task = byPid.get(first.pid)
    if (task === undefined) {
      unexplained.push(`${first.pid} (${first.comm}) is missing`)
      continue
    }
    compared++
    const isQuiet = hasNotRun(first.pid, before, after) && first.state === second.state
    if (isQuiet) statesCompared++
    unexplained.push(...differences(task, first, second, isQuiet))
  }
  for (const { pid, comm } of listed) {
    if (before.tasks.has(pid) || after.tasks.has(pid)) continue
    if (!startedBetween(pid, before, after)) unexplained.push(`${pid} (${comm}) is no task`)
  }
  return { compared, statesCompared, unexplained }
}

/** A switch is counted when a task stops running, so the counts must enclose both looks of ps. */
function hasNotRun(pid: number, before: PsListing, after: PsListing): boolean {
  const count = before.switchesBefore.get(pid)
  return count !== undefined && count === after.switchesAfter.get(pid)
}

/** Pids are given in ascending order, and start again at the end: those between two ps are younger. */
function startedBetween(pid: number, { ps: first }: PsListing, { ps: last }: PsListing): boolean {
  return first < last ? pid > first && pid < last : pid > first || pid < last
}

const ALWAYS = ['tgid', 'ppid', 'ruid', 'euid'] as const
const WHILE_QUIET = ['state', 'cpu'] as const

/** Where ps says the same twice, ksight must say it too. */
function differences(task: ListedTask, first: PsTask, second: PsTask, isQuiet: boolean): string[] {
  const keys = isQuiet ? [...ALWAYS, ...WHILE_QUIET] : ALWAYS
  const found = keys.flatMap((key) => {
    const value = task[key]
    if (value === undefined || first[key] !== second[key] || value === first[key]) return []
    return [`${first.pid} (${first.comm}): ${key} is ${value}, not ${first[key]}`]
  })
  const comm = asPsPrints(task.comm)
  // What a worker works on changes while it runs.
  const same = isQuiet ? (name: string) => name : withoutWork
  if (first.comm === second.comm && same(comm) !== same(first.comm)) {
    found.push(`${first.pid}: its name is ${comm}, not ${first.comm}`)
  }
  if (isQuiet && first.threads === second.threads && task.threads !== first.threads) {
    found.push(`${first.pid} (${first.comm}) has ${task.threads} threads, not ${first.threads}`)
  }
  return found
}

const withoutWork = (name: string) => name.replace(/^(kworker\/[^+-]*)[+-].*/, '$1')

/** ps prints a question mark for what a terminal would not show. */
function asPsPrints(name: string): string {
  return name.replace(/[\p{Cc}\ufffd]/gu, '?')
}
