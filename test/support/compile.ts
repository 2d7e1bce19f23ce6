import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Compiles test/programs/NAME.c; the program is there until the test has finished. */
export function compileProgram(name: string, ...flags: string[]): string {
  const program = join(temporaryFolder(), name)
  execFileSync('gcc', ['-O2', '-o', program, `test/programs/${name}.c`, ...flags])
  return program
}

/** A folder that is there until the test has finished. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ksight-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
