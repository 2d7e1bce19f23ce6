import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeLive } from '../support/live.js'
import { json, output } from './ksight.js'
import { startOddTasks } from './odd_tasks.js'

interface TaskJson {
  readonly address: string
  readonly type: string
  // biome-ignore lint/suspicious/noExplicitAny: what there is, only the kernel knows
  readonly members: any
}

/** The fields of /proc/PID/stat, numbered as in proc_pid_stat(5). */
function stat(pid: number): (field: number) => number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (field) => Number(fields[field - 3])
}

/** The numbers of a line of /proc/PID/status. */
function status(pid: number, line: string): number[] {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return (new RegExp(`^${line}:\\t(.*)$`, 'm').exec(text)?.[1] ?? '').split(/\s+/).map(Number)
}

const NANOSECONDS_PER_TICK = 10_000_000

describeLive('ksight task', () => {
  test('task PID shows what /proc shows of a process that sleeps', async () => {
    const { setuid } = await startOddTasks()
    const { type, members } = json<TaskJson>('task', String(setuid))
    const proc = stat(setuid)
    expect(type).toBe('struct task_struct')
    expect(members.pid).toBe(setuid)
    expect(members.tgid).toBe(setuid)
    expect(`${members.comm}\n`).toBe(readFileSync(`/proc/${setuid}/comm`, 'utf8'))
    expect(members.flags).toBe(proc(9))
    expect(members.prio - 100).toBe(proc(18))
    expect(members.thread_info.cpu).toBe(proc(39))
    expect(members.exit_signal).toBe(proc(38))
    expect(Math.floor(Number(members.start_boottime) / NANOSECONDS_PER_TICK)).toBe(proc(22))
    expect(Number(members.nvcsw)).toBe(status(setuid, 'voluntary_ctxt_switches')[0])
    expect(Number(members.nivcsw)).toBe(status(setuid, 'nonvoluntary_ctxt_switches')[0])
    const schedstat = readFileSync(`/proc/${setuid}/schedstat`, 'utf8').split(' ')
    expect(Number(members.se.sum_exec_runtime)).toBe(Number(schedstat[0]))
  })

  test('members are found through pointers, arrays and anonymous structs', async () => {
    const { setuid, threads } = await startOddTasks()
    const paths = ['cred.uid.val', 'cred.euid.val', 'cred.suid.val', 'real_parent.pid']
    const { members } = json<TaskJson>('task', String(setuid), ...paths)
    const [uid, euid, suid] = status(setuid, 'Uid')
    expect(members).toEqual({
      'cred.uid.val': uid,
      'cred.euid.val': euid,
      'cred.suid.val': suid,
      'real_parent.pid': stat(setuid)(4),
    })
    expect([uid, euid, suid]).toEqual([1, 2, 0])

    const limits = readFileSync(`/proc/${threads}/limits`, 'utf8')
    const [, soft, hard] = /^Max processes +(\d+) +(\d+)/m.exec(limits) ?? []
    const text = output(
      'task',
      String(threads),
      'signal->nr_threads',
      'signal.rlim[6].rlim_cur',
      'signal.rlim[6].rlim_max',
    )
    expect(text).toBe(
      `signal->nr_threads = 3\nsignal.rlim[6].rlim_cur = ${soft}\nsignal.rlim[6].rlim_max = ${hard}\n`,
    )
  })

  test('a whole struct behind a pointer is shown as C', async () => {
    const { setuid } = await startOddTasks()
    const text = output(
      'task',
      String(setuid),
      'cred[0]',
      'fs[0].pwd.dentry.d_name.name',
      'comm',
      'mm.mmap_lock.owner',
    )
    expect(text).toContain('cred[0] = {\n')
    expect(text).toContain('\n  kuid_t uid = {\n    uid_t val = 1\n  }\n')
    expect(text).toMatch(
      /\n {2}struct user_namespace \*user_ns = 0x[0-9a-f]{16}( <init_user_ns>)?\n/,
    )
    expect(text).toContain('\ncomm = "odd_tasks"\n')
  })

  test('what is behind NULL is told, and is null in JSON', () => {
    expect(output('task', '2', 'mm.pgd')).toBe('mm.pgd = (mm is NULL)\n')
    expect(json<TaskJson>('task', '2', 'mm.pgd').members).toEqual({ 'mm.pgd': null })
    expect(output('task', '2', 'mm')).toBe('mm = NULL\n')
  })

  test('task self is the very process', () => {
    const [comm, pid, tgid] = output('task', 'self', 'comm', 'pid', 'tgid').split('\n')
    expect(comm).toBe('comm = "node"')
    expect(pid!.replace('pid', 'tgid')).toBe(tgid)
    expect(output('task', 'self', 'mm.owner', 'group_leader', '--pointers', 'raw')).toMatch(
      /^mm\.owner = (\S+)\ngroup_leader = \1\n$/,
    )
  })

  test('the tree has all members, with their types as in the kernel', () => {
    const lines = output('task', '1').split('\n')
    expect(lines[0]).toMatch(/^\*\(struct task_struct \*\)0x[0-9a-f]{16} = \{$/)
    const shown = lines
      .filter((line) => /^ {2}[^ }]/.test(line))
      .map((line) => line.replace(/ = .*/, '').trim())
    const wanted = output('type', 'task_struct')
      .split('\n')
      .filter((line) => /^\t[^\t/}]/.test(line) && line.includes(';'))
      .map((line) =>
        line
          .trim()
          .replace(/\s*:\d+/, '')
          .replace(/\s*;.*/, '')
          .replace(/\s+/g, ' '),
      )
    expect(shown.length).toBeGreaterThan(100)
    for (const declaration of wanted)
      expect(shown.join('\n')).toContain(declaration.split(' ').at(-1))
  })

  test('code that a pointer leads to has its name', () => {
    const text = output('task', '1', 'dl.dl_timer', 'restart_block.fn')
    expect(text).toMatch(/\(\*function\)\(struct hrtimer \*\) = 0x[0-9a-f]{16} <dl_task_timer>/)
  })

  test('flags have their names', () => {
    expect(output('task', '2', 'flags')).toMatch(/^flags = 0x[0-9a-f]+ \(.*PF_KTHREAD.*\)\n$/)
  })
})
