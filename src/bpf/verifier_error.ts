import { KsightError } from '../errors.js'

const REASON_LINES = 3

/** The kernel's verifier rejected a program. The message ends with its last words. */
export class VerifierError extends KsightError {
  constructor(
    programName: string,
    reason: string,
    /** All that the verifier said. */
    readonly log: string,
  ) {
    super(`BPF program ${programName}`, `the verifier rejected it: ${reason}`)
  }
}

/** The verifier's last lines in one, without its statistics: empty if it found nothing wrong. */
export function lastWords(log: string): string {
  return log
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '' && !/^(processed \d+ insns|verification time)/.test(line))
    .slice(-REASON_LINES)
    .join(' | ')
}
