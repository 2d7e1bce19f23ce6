import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const scratch = mkdtempSync(join(tmpdir(), 'ksight-programs-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

/** Compiles a program of test/programs, once, and gives the path of the executable. */
export function compile(name: string): string {
  const executable = join(scratch, name)
  if (existsSync(executable)) return executable
  const source = new URL(`../programs/${name}.c`, import.meta.url).pathname
  execFileSync('gcc', ['-O1', '-Wall', '-pthread', '-o', executable, source])
  return executable
}

/** A running program. It ends, and is waited for, when this is disposed of. */
export class Running implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    /** What it has printed until it was ready, line by line. */
    readonly lines: readonly string[],
  ) {}

  get pid(): number {
    return this.child.pid!
  }

  /**
   * Starts a command and waits until it has printed the line `ready`. Its standard input stays
   * open until it is to end.
   */
  static async start(
    command: string,
    args: readonly string[] = [],
    options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
  ): Promise<Running> {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options })
    const lines = await linesUntilReady(child, command)
    return new Running(child, lines)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const exit = once(this.child, 'exit')
    this.child.stdin!.end()
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 2000)
    await exit
    clearTimeout(timer)
  }
}

function linesUntilReady(child: ChildProcess, command: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      reject(new Error(`${command} ended with ${code ?? signal} before it was ready: ${text}`))
    })
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      // A terminal makes CR LF of the LF.
      const lines = text.split(/\r?\n/)
      const end = lines.indexOf('ready')
      if (end !== -1) resolve(lines.slice(0, end))
    })
  })
}
