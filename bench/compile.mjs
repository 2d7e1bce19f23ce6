// @ts-check
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where programs and outputs of this run are; gone when it ends. */
export const scratch = mkdtempSync(join(tmpdir(), 'ksight-bench-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

/**
 * Compiles a program of bench/programs, once.
 * @param {string} name
 * @returns {string} the path of the executable
 */
export function compile(name) {
  const source = new URL(`programs/${name}.c`, import.meta.url).pathname
  const executable = join(scratch, name)
  if (existsSync(executable)) return executable
  execFileSync('gcc', ['-O2', '-Wall', '-pthread', '-o', executable, source])
  return executable
}
