import { spawnSync } from 'node:child_process'
import { KSIGHT } from './ksight.js'

export interface Terminal {
  readonly columns?: number
  readonly rows?: number
  readonly environment?: Record<string, string>
}

/** Arguments for script(1), which runs a command on a terminal of its own. */
export function onTerminal(command: string, { columns = 80, rows = 24 }: Terminal): string[] {
  return ['-qec', `stty cols ${columns} rows ${rows}; exec ${KSIGHT} ${command}`, '/dev/null']
}

export const environment = (more: Record<string, string> = {}) => {
  const { NO_COLOR: _, ...rest } = process.env
  return { ...rest, TERM: 'xterm', ...more }
}

/** What a command prints on a terminal. */
export function show(command: string, terminal: Terminal = {}): string {
  const { stdout } = spawnSync('script', onTerminal(command, terminal), {
    encoding: 'utf8',
    env: environment(terminal.environment),
    // Not a pipe that ends: script would send the terminal an end of file.
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  })
  return stdout.replaceAll('\r\n', '\n')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: of such are the commands to a terminal
export const SGR = /\x1b\[\d+m/g
