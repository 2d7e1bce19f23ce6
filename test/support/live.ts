import { execFileSync } from 'node:child_process'
import { describe } from 'vitest'
import { openLive } from '../../src/live/open_live.js'

/** What is missing for a look into the running kernel; undefined if nothing is. */
function missing(): string | undefined {
  try {
    openLive()[Symbol.dispose]()
    execFileSync('gcc', ['--version'])
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const why = missing()

/** A suite that looks into the running kernel; skipped, with the reason in its name, where it may not. */
export function describeLive(name: string, tests: () => void): void {
  describe.skipIf(why !== undefined)(why === undefined ? name : `${name} (${why})`, tests)
}
