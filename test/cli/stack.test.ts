import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { describeLive } from '../support/live.js'
import { compile, Running } from '../support/program.js'
import { failure, json, output, run } from './ksight.js'

interface StackJson {
  readonly tid: number
  readonly tgid: number
  readonly comm: string
  readonly syscall: { readonly name: string; readonly args: string[] } | null
  readonly kernel: readonly { readonly pc: string; readonly function: string | null }[]
  readonly user: readonly { readonly pc: string; readonly function: string | null }[]
  readonly problem: string | null
}

describeLive('ksight stack', () => {
  test('threads with the same stacks are shown once, with their number', async () => {
    await using process = await threads()
    const blocks = output('stack', String(process.pid)).split('\n\n')
    const total = blocks.map((block) => Number(/^(\d+) threads: /.exec(block)?.[1] ?? 1))
    expect(total.reduce((sum, count) => sum + count)).toBe(51)
    expect(blocks.length).toBeLessThan(51)
    // The largest groups come first.
    expect(total).toEqual([...total].sort((a, b) => b - a))
  })

  test('--each shows every thread: kernel frames, where the mode changes, user frames', async () => {
    await using process = await threads()
    const blocks = output('stack', String(process.pid), '--each').split('\n\n')
    expect(blocks.length).toBe(51)
    expect(blocks[0]).toMatch(
      /^\d+ stacks S\n {2}waits in \w+, system call read\(0x0, .*\)\n( {4}\S+\n)+ {4}-+ user mode -+\n {4}read\+0x\w+ {2}libc\S*\n {4}wait_here\+0x\w+ {2}stacks\n( {4}.*\n?)+$/,
    )
    const frames = lines(blocks[0]!)
    const reversed = output('stack', String(process.pid), '--each', '--reverse').split('\n\n')
    expect(lines(reversed[0]!)).toEqual(frames.reverse())
  })

  test('a TID shows one thread, --user and --kernel one of its stacks', async () => {
    await using process = await threads()
    const all = json<StackJson[]>('stack', String(process.pid))
    expect(all.length).toBe(51)
    const last = all.at(-1)!
    expect(json('stack', String(last.tid))).toEqual([{ ...last }].map(withoutPointers))
    const [user] = json<StackJson[]>('stack', '--user', String(last.tid))
    const [kernel] = json<StackJson[]>('stack', '--kernel', String(last.tid))
    expect([user!.kernel, user!.user]).toEqual([[], last.user])
    expect([kernel!.kernel.map(({ function: name }) => name), kernel!.user]).toEqual([
      last.kernel.map(({ function: name }) => name),
      [],
    ])
  })

  test('--folded is what flame graph tools read', async () => {
    await using process = await threads()
    const folded = output('stack', '--folded', String(process.pid)).trimEnd().split('\n')
    const counts = folded.map((line) => Number(/^stacks;\S+ (\d+)$/.exec(line)![1]))
    expect(counts.reduce((sum, count) => sum + count)).toBe(51)
    expect(folded.some((line) => /;asleep;.*pause.*_\[k\] \d+$/.test(line))).toBe(true)
  })

  test('several processes at once, and kernel threads', async () => {
    const found = json<StackJson[]>('stack', '2', String(process.pid))
    expect(found[0]).toMatchObject({ tid: 2, comm: 'kthreadd', user: [], syscall: null })
    expect(found.filter(({ tgid }) => tgid === process.pid).length).toBeGreaterThan(1)
    expect(output('stack', '2')).toMatch(/^2 \[kthreadd\] S\n {2}waits in \w+\n( {4}\S+\n)+$/)
  })

  test('without the right to trace a process there is still its kernel stack', async () => {
    const nobody = ['--reuid=65534', '--clear-groups', 'sh', '-c', 'echo ready; read line']
    await using running = await Running.start('setpriv', nobody)
    const prefix = ['setpriv', '--bounding-set=-sys_ptrace', '--inh-caps=-sys_ptrace']
    const { status, stdout } = run(['stack', String(running.pid)], prefix)
    expect(status).toBe(0)
    expect(stdout).toMatch(/^ {4}\w*read\+0x/m)
    expect(stdout).toMatch(/\(cannot read memory of process \d+: .*CAP_SYS_PTRACE\)\n$/)
  })

  test('--all shows every thread of the machine', () => {
    const found = new Set(json<StackJson[]>('stack', '--all').map(({ tid }) => tid))
    const tids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    expect(tids.filter((tid) => found.has(Number(tid))).length).toBeGreaterThan(tids.length * 0.9)
    expect(found.has(process.pid)).toBe(true)
  })

  test('a name with line feeds does not reach the terminal', async () => {
    await using process = await Running.start(compile('threads'), ['2', '0', '0'])
    const titles = output('stack', '--each', String(process.pid)).match(/^\d+ .*/gm)
    expect(titles?.map((title) => title.replace(/^\d+ /, ''))).toEqual([
      'threads S',
      'live (0) ?\\ S',
      'live (1) ?\\ S',
    ])
  })

  test('what is wrong is told in one line', () => {
    expect(failure(['stack', '4194304'], 1)).toBe(
      'ksight: no task 4194304: no process or thread has this PID',
    )
    expect(failure(['stack', 'x'], 2)).toBe('ksight: wrong PID "x": it must be a whole number')
    expect(failure(['stack'], 2)).toMatch(/whose stacks\?: name processes/)
    expect(failure(['stack', '1', '--user', '--kernel'], 2)).toMatch(/--user with --kernel/)
    const unprivileged = [
      'setpriv',
      '--reuid=65534',
      '--clear-groups',
      '--bounding-set=-all',
      '--inh-caps=-all',
    ]
    expect(failure(['stack', '2'], 1, unprivileged)).toMatch(/CAP_BPF|CAP_SYS_ADMIN|CAP_PERFMON/)
  })
})

async function threads(): Promise<Running> {
  const running = await Running.start(compile('stacks'), ['threads'])
  await sleep(100)
  return running
}

/** The lines of a block that are frames. */
function lines(block: string): string[] {
  return block.split('\n').filter((line) => line.startsWith('    '))
}

/** Hashed pointers differ from run to run. */
function withoutPointers({ kernel, ...stack }: StackJson) {
  const frames = kernel.map((frame) => ({ ...frame, pc: expect.any(String) }))
  return { ...stack, kernel: frames }
}
