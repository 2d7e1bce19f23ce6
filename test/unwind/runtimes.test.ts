import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { PerfMap, perfMapPath } from '../../src/unwind/perf_map.js'
import { temporaryFolder } from '../support/compile.js'
import { Running } from '../support/program.js'
import { hasTools, isRoot } from '../support/tools.js'
import { gdbStacks } from './gdb.js'
import { ProcMemory, ProcModules } from './live_process.js'
import { differences, nameOf, ourStack } from './same_frames.js'

/** Every function has code of its own, and is in the map. */
const FLAGS = ['--perf-basic-prof', '--interpreted-frames-native-stack']
const NODE = `
  const cell = new Int32Array(new SharedArrayBuffer(4))
  function innermost(wait) { return wait ? Atomics.wait(cell, 0, 0) : 1 }
  function middle(wait) { return innermost(wait) + 1 }
  function outer(wait) { return middle(wait) + 1 }
  require('fs').writeSync(1, 'ready\\n')
  outer(true)
`

const PYTHON = `
import sys, time
def recurse(depth):
    if depth == 0:
        print('ready', flush=True)
        sys.stdin.read()
    else:
        sorted([1], key=lambda _: recurse(depth - 1))
recurse(6)
`

describe.skipIf(!isRoot || !hasTools('gdb', 'python3'))(
  'runtimes (needs root, gdb and python3)',
  () => {
    test('Python: frames, functions and registers are those of gdb', async () => {
      await using process = await Running.start('python3', ['-c', PYTHON])
      await sleep(100)
      const [stack] = compared(process.pid)
      expect(stack!.end.reason).toBe('outermost')
      expect(stack!.frames.every(({ certain }) => certain)).toBe(true)
      expect(stack!.names.filter((name) => name.includes('sort')).length).toBeGreaterThanOrEqual(6)
    })

    // gdb does not find its way through code without symbols; eu-stack does, by the frame pointer.
    test.skipIf(!hasTools('eu-stack'))(
      'Node.js, all threads: frames are those of eu-stack',
      async () => {
        const cwd = temporaryFolder()
        const script = join(cwd, 'sleeps.cjs')
        writeFileSync(script, NODE)
        await using running = await Running.start(process.execPath, [...FLAGS, script], { cwd })
        await sleep(300)
        const map = perfMapPath(running.pid)
        try {
          const stacks = comparedWithElfutils(running.pid)
          expect(stacks.every(({ end }) => end.reason === 'outermost')).toBe(true)
          const jit = new PerfMap(readFileSync(map, 'utf8'))
          const main = stacks.find(({ frames }) =>
            frames.some(({ at }) => jit.at(at)?.name.includes('outer')),
          )
          const functions = main!.frames.flatMap(({ at }) => jit.at(at)?.name ?? [])
          expect(functions.join(' ')).toMatch(/innermost .*middle .*outer /)
          // Compiled code has no call frame information, but keeps the frame pointer.
          const guessed = main!.frames.filter(({ how }) => how === 'frame pointer')
          expect(guessed.length).toBeGreaterThan(0)
        } finally {
          if (existsSync(map)) rmSync(map)
        }
      },
    )
  },
)

function comparedWithElfutils(pid: number) {
  const registers = gdbStacks(pid)
  const oracle = euStacks(pid)
  using memory = new ProcMemory(pid)
  const modules = ProcModules.of(pid, memory)
  return registers.map((thread) => {
    const ours = ourStack(thread, memory, modules)
    expect(ours.frames.map(({ pc }) => pc)).toEqual(oracle.get(thread.tid!))
    return ours
  })
}

/** Where each thread is and will return to, by tid. */
function euStacks(pid: number): Map<number, bigint[]> {
  const { stdout } = spawnSync('eu-stack', ['-n', '0', '-p', String(pid)], { encoding: 'utf8' })
  const stacks = stdout.split(/^TID /m).slice(1)
  return new Map(
    stacks.map((text) => {
      const places = [...text.matchAll(/^#\d+ +(0x[0-9a-f]+)/gm)].map(([, pc]) => BigInt(pc!))
      return [Number.parseInt(text, 10), places]
    }),
  )
}

function compared(pid: number) {
  const oracle = gdbStacks(pid)
  using memory = new ProcMemory(pid)
  const modules = ProcModules.of(pid, memory)
  return oracle.map((thread) => {
    const ours = ourStack(thread, memory, modules)
    expect(differences(ours, thread)).toEqual([])
    return { ...ours, names: ours.frames.map(nameOf) }
  })
}
