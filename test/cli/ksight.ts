import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect } from 'vitest'

export const KSIGHT = resolve('bin/ksight')

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command; `prefix` is a command that runs it in turn, such as setpriv. */
export function run(args: readonly string[], prefix: readonly string[] = []): Ran {
  const [command, ...rest] = [...prefix, KSIGHT, ...args]
  const result: SpawnSyncReturns<string> = spawnSync(command!, rest, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, NO_COLOR: undefined },
  })
  if (result.error !== undefined) throw result.error
  return result
}

/** The standard output of a run without any trouble. */
export function output(...args: string[]): string {
  const { status, stdout, stderr } = run(args)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

/** The JSON document of a run without any trouble. */
export function json<T>(...args: string[]): T {
  return JSON.parse(output(...args, '--json')) as T
}

/** A run that fails with one line; gives the line. */
export function failure(args: readonly string[], exitCode: number, prefix: readonly string[] = []) {
  const { status, stdout, stderr } = run(args, prefix)
  expect({ status, stdout }).toEqual({ status: exitCode, stdout: '' })
  expect(stderr).toMatch(/^ksight: [^\n]+\n$/)
  return stderr.trimEnd()
}
