import { describe } from 'vitest'
import { whyNoLab } from '../../lab/requirements.mjs'

const why = whyNoLab()

/** A suite that boots kernels; skipped, with the reason in its name, where that is not possible. */
export function describeLab(name: string, tests: () => void): void {
  describe.skipIf(why !== undefined)(why === undefined ? name : `${name} (${why})`, tests)
}
