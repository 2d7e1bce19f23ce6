import { KsightError } from '../errors.js'
import type { SysError } from '../linux/errno.js'

/** The kernel's verifier rejected a program. */
export class VerifierError extends KsightError {
  constructor(
    name: string,
    reason: string,
    /** Everything that the verifier said. */
    readonly log: string,
  ) {
    super(`BPF program ${name} was rejected`, reason)
  }
}

export function loadError(name: string, error: SysError, log: string): Error {
  if (log.trim() === '') return error
  return new VerifierError(name, lastWords(log), log)
}

/** The verifier's last lines without its statistics, as one line. */
function lastWords(log: string, lines = 3): string {
  return log
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^(processed \d+ insns|verification time)/.test(line))
    .slice(-lines)
    .join(' | ')
}
