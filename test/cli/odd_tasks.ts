import { onTestFinished } from 'vitest'
import { compile, Running } from '../support/program.js'

export interface OddTasks {
  /** The program itself, parent of all others. */
  readonly pid: number
  readonly zombie: number
  readonly stopped: number
  readonly setuid: number
  readonly threads: number
  /** In the order of the names. */
  readonly named: readonly number[]
}

/** Processes that are out of the ordinary, until the test has finished. Names are bytes in Latin-1. */
export async function startOddTasks(names: readonly string[] = []): Promise<OddTasks> {
  // Node passes arguments as UTF-8; the shell makes any bytes of escapes.
  const script = `exec "$0" ${names.map((name) => `"$(printf '${octal(name)}')"`).join(' ')}`
  const running = await Running.start('sh', ['-c', script, compile('odd_tasks')])
  onTestFinished(() => running[Symbol.asyncDispose]())
  const pids = (what: string) => {
    const lines = running.lines.map((line) => line.split(' '))
    return lines.filter(([word]) => word === what).map(([, pid]) => Number(pid))
  }
  const one = (what: string) => pids(what)[0]!
  return {
    pid: running.pid,
    zombie: one('zombie'),
    stopped: one('stopped'),
    setuid: one('setuid'),
    threads: one('threads'),
    named: pids('name'),
  }
}

function octal(name: string): string {
  return [...Buffer.from(name, 'latin1')]
    .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
    .join('')
}
