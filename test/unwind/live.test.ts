import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { compileProgram } from '../support/compile.js'
import { procNumbers } from '../support/proc.js'
import { Running } from '../support/program.js'
import { hasTools, isRoot } from '../support/tools.js'
import { gdbStacks } from './gdb.js'
import { ProcMemory, ProcModules } from './live_process.js'
import { differences, ourStack } from './same_frames.js'

const canTrace = isRoot && hasTools('gdb', 'gcc')

const KINDS: readonly [kind: string, functions: RegExp][] = [
  ['recursion', /wait_here( recurse){101}/],
  ['alloca', /wait_here with_alloca aligned/],
  ['callback', /wait_here compare .*callback/],
  ['raise', /wait_here handler .*raise raise_here/],
  ['fault', /wait_here handler \S+ first_instruction fault/],
  ['same-stack', /wait_here handler \S+ first_instruction fault/],
  ['nowhere', /wait_here handler \S+ \?\? call_nowhere/],
  ['noreturn', /wait_here never_returns last_call/],
  ['context', /wait_here( recurse){4} on_context __start_context$/],
  ['threads', /wait_here threads/],
]

describe.skipIf(!canTrace)('user stacks (needs root, gdb and gcc)', () => {
  test.each(KINDS)(
    '%s: frames, functions and registers are those of gdb',
    async (kind, functions) => {
      const program = compileProgram('stacks', '-fomit-frame-pointer', '-pthread')
      await using process = await Running.start(program, [kind])
      await sleep(100)
      const stacks = sameStacks(process.pid)
      const [first] = stacks
      expect(first!.names.join(' ')).toMatch(functions)
      expect(stacks.length).toBe(procNumbers(`${process.pid}/task`).length)
      expect(stacks.length).toBe(kind === 'threads' ? 51 : 1)
    },
  )
})

/** All threads of a process, which sleeps, compared with gdb; the names of the functions of each. */
function sameStacks(pid: number) {
  const oracle = gdbStacks(pid)
  using memory = new ProcMemory(pid)
  const modules = new ProcModules(pid, memory)
  return oracle.map((thread) => {
    const ours = ourStack(thread, memory, modules)
    expect(differences(ours, thread)).toEqual([])
    return { ...ours, names: thread.frames.map(({ symbol }) => symbol?.[0] ?? '??') }
  })
}
