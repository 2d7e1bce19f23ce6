import type { OnMissing } from '../kernel/still_tasks.js'
import type { GlobalOptions } from './options.js'
import { showMessage } from './pointers.js'
import { printable } from './render/printable.js'
import { writeErr } from './stdio.js'

/** Of what is missing, so many lines are told; the last says that there is more. */
const MOST = 20

/** Says on standard error what of a result is missing, a line for each. */
export function warnOfMissing(options: GlobalOptions): OnMissing {
  let count = 0
  return ({ message }) => {
    if (++count > MOST) return
    const line = count === MOST ? 'there is more that is missing' : message
    writeErr(`ksight: not all is shown: ${printable(showMessage(line, options))}\n`)
  }
}
