import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { compileProgram } from '../support/compile.js'
import { procNumbers, procText } from '../support/proc.js'
import { Running } from '../support/program.js'
import { hasTools, isRoot } from '../support/tools.js'
import { type GdbStack, gdbStacks } from './gdb.js'
import { ProcMemory, ProcModules } from './live_process.js'
import { differences, nameOf, ourStack } from './same_frames.js'

const canTrace = isRoot && hasTools('gdb', 'gcc')

const KINDS: readonly [kind: string, functions: RegExp][] = [
  ['recursion', /wait_here( recurse){101}/],
  ['alloca', /wait_here with_alloca aligned/],
  ['callback', /wait_here compare .*callback/],
  ['raise', /wait_here handler .*raise raise_here/],
  ['fault', /wait_here handler \S+ first_instruction fault/],
  ['same-stack', /wait_here handler \S+ first_instruction fault/],
  ['noreturn', /wait_here never_returns last_call/],
]

describe.skipIf(!canTrace)('user stacks (needs root, gdb and gcc)', () => {
  test.each(KINDS)(
    '%s: frames, functions and registers are those of gdb',
    async (kind, functions) => {
      await using process = await start(kind)
      const [stack] = sameStacks(process.pid)
      expect(stack!.names.join(' ')).toMatch(functions)
      expect(stack!.end.reason).toBe('outermost')
      expect(stack!.frames.every(({ certain }) => certain)).toBe(true)
    },
  )

  test('50 threads: frames, functions and registers are those of gdb', async () => {
    await using process = await start('threads')
    const stacks = sameStacks(process.pid)
    expect(stacks.length).toBe(procNumbers(`${process.pid}/task`).length)
    expect(stacks.filter(({ names }) => names.includes('asleep')).length).toBe(50)
    expect(stacks.every(({ end }) => end.reason === 'outermost')).toBe(true)
  })

  test('a call to nowhere: its caller is where the stack starts', async () => {
    await using process = await start('nowhere')
    const [stack] = sameStacks(process.pid)
    expect(stack!.names.join(' ')).toMatch(/wait_here handler \S+ \?\? call_nowhere/)
    const caller = stack!.names.indexOf('call_nowhere')
    expect(stack!.frames[caller]!.how).toBe('return address')
    expect(stack!.frames.map(({ certain }) => certain).indexOf(false)).toBe(caller)
  })

  // gdb goes on with what makecontext() left below its entry, and ends at an address of 0.
  test('a context of makecontext(): ends with the function that it starts with', async () => {
    await using process = await start('context')
    const [oracle] = gdbStacks(process.pid)
    using memory = new ProcMemory(process.pid)
    const ours = ourStack(oracle!, memory, ProcModules.of(process.pid, memory))
    const same = { ...oracle!, frames: oracle!.frames.slice(0, ours.frames.length - 1) }
    expect(differences({ ...ours, frames: ours.frames.slice(0, -1) }, same)).toEqual([])
    expect(ours.frames.map(nameOf).join(' ')).toMatch(
      /wait_here( recurse){4} on_context __start_context$/,
    )
    expect(ours.end.message).toMatch(/the return address, 0x[0-9a-f]+, leads to no code$/)
  })

  // Nobody can trace it: it does not stop before its child has ended.
  test('the parent of a vfork(): the return address is in a register', async () => {
    await using process = await start('vfork')
    using memory = new ProcMemory(process.pid)
    const registers = syscallRegisters(process.pid)
    const ours = ourStack(registers, memory, ProcModules.of(process.pid, memory))
    expect(ours.frames.map(nameOf).join(' ')).toMatch(/^\w*vfork forks \S+ \S+ _start$/)
    expect(ours.end.reason).toBe('outermost')
  })
})

async function start(kind: string): Promise<Running> {
  const program = compileProgram('stacks', '-fomit-frame-pointer', '-pthread')
  const process = await Running.start(program, [kind])
  await sleep(100)
  return process
}

/** What /proc/PID/syscall shows of a blocked thread: the registers of its arguments, sp and pc. */
function syscallRegisters(pid: number): GdbStack {
  const [, rdi, rsi, rdx, r10, r8, r9, rsp, rip] = procText(`${pid}/syscall`)!.trim().split(' ')
  const registers = {
    rdi: rdi!,
    rsi: rsi!,
    rdx: rdx!,
    r10: r10!,
    r8: r8!,
    r9: r9!,
    rsp: rsp!,
    rip: rip!,
  }
  return { registers, frames: [] }
}

/** All threads of a process, which sleeps, compared with gdb; with the names of their functions. */
function sameStacks(pid: number) {
  const oracle = gdbStacks(pid)
  using memory = new ProcMemory(pid)
  const modules = ProcModules.of(pid, memory)
  return oracle.map((thread) => {
    const ours = ourStack(thread, memory, modules)
    expect(differences(ours, thread)).toEqual([])
    return { ...ours, names: ours.frames.map(nameOf) }
  })
}
