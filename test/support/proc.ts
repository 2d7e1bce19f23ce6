import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** What /proc answers for a process that has ended. */
const GONE = ['ENOENT', 'ESRCH']

/** What it answers for a process that the reader may not look into. */
const REFUSED = ['EACCES', 'EPERM']

/** The result, or undefined where the process has ended or /proc refuses. */
function orUndefined<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== undefined && [...GONE, ...REFUSED].includes(code)) return undefined
    throw error
  }
}

/** A file below /proc as text. */
export function procText(path: string): string | undefined {
  return orUndefined(() => readFileSync(`/proc/${path}`, 'utf8'))
}

export function procLink(path: string): string | undefined {
  return orUndefined(() => readlinkSync(`/proc/${path}`))
}

/** The names in a directory below /proc that are numbers. */
export function procNumbers(path = ''): number[] {
  const names = orUndefined(() => readdirSync(`/proc/${path}`)) ?? []
  return names.filter((name) => /^\d+$/.test(name)).map(Number)
}

/** The pids of all processes. */
export function processes(): number[] {
  return procNumbers()
}

/** All threads, as [tgid, tid]. */
export function threads(): [tgid: number, tid: number][] {
  return processes().flatMap((pid) => {
    return procNumbers(`${pid}/task`).map((tid): [number, number] => [pid, tid])
  })
}

/** The fields of a stat file, by their numbers in proc(5). */
export type Stat = {
  readonly comm: string
  field(number: number): string
  int(number: number): number
}

/** /proc/PID/stat, or that of a thread at `PID/task/TID`. */
export function procStat(path: string | number): Stat | undefined {
  const text = procText(`${path}/stat`)
  if (text === undefined) return undefined
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  const rest = text
    .slice(close + 2)
    .trim()
    .split(' ')
  const field = (number: number) => {
    const value = number === 1 ? text.slice(0, open - 1) : rest[number - 3]
    if (value === undefined) throw new Error(`stat has no field ${number}`)
    return value
  }
  return { comm: text.slice(open + 1, close), field, int: (number) => Number(field(number)) }
}

/** The lines of /proc/PID/status, or that of a thread at `PID/task/TID`, by their names. */
export function procStatus(path: string | number): ReadonlyMap<string, string> | undefined {
  const text = procText(`${path}/status`)
  if (text === undefined) return undefined
  return new Map(
    text
      .trimEnd()
      .split('\n')
      .map((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon), line.slice(colon + 1).trim()]
      }),
  )
}

/** `1\t2 3` as numbers. */
export function numbers(text: string | undefined): number[] {
  const trimmed = (text ?? '').trim()
  return trimmed === '' ? [] : trimmed.split(/\s+/).map(Number)
}
