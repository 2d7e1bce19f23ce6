import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeLive } from '../support/live.js'
import { json, output } from './ksight.js'
import { startOddTasks } from './odd_tasks.js'

interface Thread {
  readonly tgid: number
  readonly pid: number
  readonly comm: string
  readonly kernelThread: boolean
  readonly idle: boolean
  readonly task: string
  readonly stack: string | null
  readonly cpu: number
  readonly state: string
  readonly threads: number
}

/** The lines of a table that start with these pids: tgid, pid. */
function linesOf(text: string, tgid: number): string[] {
  return text.split('\n').filter((line) => line.trim().split(/ +/)[0] === String(tgid))
}

describeLive('lists of tasks', () => {
  test('states, user ids and threads of processes that are out of the ordinary', async () => {
    const tasks = await startOddTasks()
    const text = output('ps')
    const line = (pid: number) => linesOf(text, pid)[0]!.trim().split(/ +/)
    const { pid: parent } = tasks
    const row = (pid: number, rest: string) => [pid, pid, parent, ...rest.split(' ')].map(String)
    expect(line(tasks.zombie)).toEqual(row(tasks.zombie, '0 0 Z 1 odd_tasks'))
    expect(line(tasks.stopped)).toEqual(row(tasks.stopped, '0 0 T 1 odd_tasks'))
    expect(line(tasks.setuid)).toEqual(row(tasks.setuid, '1 2 S 1 odd_tasks'))
    expect(line(tasks.threads)).toEqual(row(tasks.threads, '0 0 S 3 odd_tasks'))
  })

  test('threads PID shows the threads of a process, also by the pid of any of them', async () => {
    const { threads } = await startOddTasks()
    const pids = readdirSync(`/proc/${threads}/task`).map(Number)
    const listed = json<Thread[]>('threads', String(threads))
    expect(listed.map(({ pid }) => pid)).toEqual(pids)
    expect(listed.map(({ comm }) => comm)).toEqual(['odd_tasks', 'first thread', 'second'])
    expect(listed.map(({ tgid }) => tgid)).toEqual(pids.map(() => threads))
    const ids = (rows: Thread[]) => rows.map(({ pid }) => pid)
    expect(ids(json<Thread[]>('threads', String(pids.at(-1))))).toEqual(pids)

    const lines = linesOf(output('threads', String(threads)), threads)
    expect(lines[0]).toMatch(/ 3 odd_tasks$/)
    expect(lines[1]).toMatch(/ S {2,}first thread$/)
  })

  test('each CPU has an idle task, marked, that is on no list of ps', () => {
    const cpus = spawnSync('nproc', ['--all'], { encoding: 'utf8' }).stdout
    const idle = json<Thread[]>('threads').filter((thread) => thread.idle)
    expect(idle).toHaveLength(Number(cpus))
    idle.forEach((thread, cpu) => {
      expect(thread).toMatchObject({
        tgid: 0,
        pid: 0,
        comm: `swapper/${cpu}`,
        cpu,
        kernelThread: true,
      })
    })
    expect(output('threads', '0').match(/\[swapper\/\d+\] idle$/gm)).toHaveLength(Number(cpus))
  })

  test('kernel threads are in brackets', () => {
    expect(output('threads', '2')).toMatch(/ \[kthreadd\]\n$/)
    expect(output('ps')).toMatch(/^ +2 +2 +0 .* \[kthreadd\]$/m)
  })

  test('addresses are those of different task_structs, and stacks hold the stack pointers', async () => {
    const { stopped } = await startOddTasks()
    const threads = json<Thread[]>('threads', '--pointers', 'raw')
    expect(new Set(threads.map(({ task }) => task)).size).toBe(threads.length)
    const stacks = threads.flatMap(({ stack }) => (stack === null ? [] : [stack]))
    expect(new Set(stacks).size).toBe(stacks.length)
    const found = threads.find(({ pid }) => pid === stopped)!
    const { address, members } = json<{ address: string; members: Record<string, string> }>(
      'task',
      String(stopped),
      'thread.sp',
      'stack',
      '--pointers',
      'raw',
    )
    expect(found).toMatchObject({ task: address, stack: members.stack })
    const depth = BigInt(members['thread.sp']!) - BigInt(found.stack!)
    expect(depth).toBeGreaterThan(0n)
    expect(depth).toBeLessThan(65536n)
  })

  test('names are shown as ps shows them, without commands to the terminal', async () => {
    const names = [
      '\x1b[31mred',
      'new\nline',
      'tab\there',
      '\x7fdel',
      '\xc2\x9b2J',
      'caf\xc3\xa9',
      '\xff\xfe!',
      '},{',
      '},{"tgid":',
      '',
    ]
    const { named } = await startOddTasks(names)
    for (const pid of named) {
      const { stdout } = spawnSync('ps', ['-o', 'comm=', '-p', String(pid)], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C.UTF-8' },
      })
      const [line] = linesOf(output('ps'), pid)
      expect(line!.replace(/^.* S +1 /, '')).toBe(stdout.replace('\n', ''))
    }
    for (const command of ['ps', 'threads']) {
      for (const form of [[], ['--json']]) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
        expect(output(command, ...form)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
      }
    }
    const listed = json<Thread[]>('ps').filter(({ pid }) => named.includes(pid))
    expect(listed.map(({ comm }) => comm)).toEqual(
      names.map((name) => Buffer.from(name, 'latin1').toString('utf8')),
    )
  })

  test('ps --tree draws children below their parent', async () => {
    const tasks = await startOddTasks(['a child'])
    const lines = output('ps', '--tree').split('\n')
    const index = lines.findIndex((line) => line.trim().split(/ +/)[1] === String(tasks.pid))
    const column = lines[index]!.indexOf('odd_tasks')
    const below = lines.slice(index + 1, index + 6).map((line) => line.slice(column))
    expect(below).toEqual([...Array(4).fill('├─odd_tasks'), '└─a child'])
  })
})
