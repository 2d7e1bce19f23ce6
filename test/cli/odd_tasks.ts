import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { compileProgram } from '../support/compile.js'

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
  const program = compileProgram('odd_tasks', '-pthread')
  // Node passes arguments as UTF-8; the shell makes any bytes of escapes.
  const script = `exec "$0" ${names.map((name) => `"$(printf '${octal(name)}')"`).join(' ')}`
  const child = spawn('sh', ['-c', script, program], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const pids = new Map<string, number[]>()
  for await (const line of createInterface(child.stdout)) {
    if (line === 'ready') break
    const [what, pid] = line.split(' ')
    pids.set(what!, [...(pids.get(what!) ?? []), Number(pid)])
  }
  const one = (what: string) => pids.get(what)![0]!
  return {
    pid: child.pid!,
    zombie: one('zombie'),
    stopped: one('stopped'),
    setuid: one('setuid'),
    threads: one('threads'),
    named: pids.get('name') ?? [],
  }
}

function octal(name: string): string {
  return [...Buffer.from(name, 'latin1')]
    .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
    .join('')
}
