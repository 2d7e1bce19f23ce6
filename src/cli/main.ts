import { reportFailure } from './failure.js'
import type { GlobalOptions } from './options.js'
import { createProgram } from './program.js'

const program = createProgram()
try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = reportFailure(error, program.opts<GlobalOptions>())
}
