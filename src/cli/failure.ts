import type { CommanderError } from 'commander'
import { KsightError, UsageError } from '../errors.js'
import type { GlobalOptions } from './options.js'
import { showMessage } from './pointers.js'
import { printable } from './render/printable.js'
import { OutputClosed, writeErr } from './stdio.js'

const FAILED = 1
const WRONG_USAGE = 2

/** Tells what went wrong in one line on standard error; gives the exit code. */
export function reportFailure(error: unknown, options: GlobalOptions): number {
  // As for tools that die of SIGPIPE: whoever closed the output has seen enough.
  if (error instanceof OutputClosed) return 0
  const { line, exitCode } = describe(error)
  if (line === undefined) return exitCode
  writeErr(`ksight: ${printable(showMessage(line, options))}\n`)
  if (options.debug && error instanceof Error) {
    writeErr(`${showMessage(error.stack ?? 'no stack', options)}\n`)
  }
  return exitCode
}

function describe(error: unknown): { line: string | undefined; exitCode: number } {
  if (error instanceof UsageError) return { line: error.message, exitCode: WRONG_USAGE }
  if (error instanceof KsightError) return { line: error.message, exitCode: FAILED }
  if (isCommanderError(error)) return describeUsage(error)
  const message = error instanceof Error ? error.message : String(error)
  return {
    line: `internal error: ${message}: please report it; --debug shows where it happened`,
    exitCode: FAILED,
  }
}

function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.')
}

/** Commander's messages, such as `error: unknown option '--jsno'\n(Did you mean --json?)`. */
function describeUsage({ message, exitCode }: CommanderError) {
  // Help and version were asked for, and have been printed.
  if (exitCode === 0) return { line: undefined, exitCode }
  const [what = '', hint] = message.replace(/^error: /, '').split('\n')
  const line = what
    .replace(/\.$/, '')
    .replace(/\. ([A-Z])/g, (_, next) => `: ${next.toLowerCase()}`)
  const todo = hint?.replace(/^\(Did/, 'did').replace(/\)$/, '') ?? 'see ksight --help'
  return { line: `${line}: ${todo}`, exitCode: WRONG_USAGE }
}
