import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { describeLive } from '../support/live.js'
import { failure, KSIGHT, run } from './ksight.js'

const FAILED = 1
const WRONG_USAGE = 2

const NO_ROOT = ['setpriv', '--reuid=65534', '--clear-groups', '--inh-caps=-all']

test.each([
  [['pss'], 'ksight: unknown command "pss": there is none: did you mean ps?'],
  [['xyzzy', 'and', 'more'], 'ksight: unknown command "xyzzy": there is none: see ksight --help'],
  [['ps', '--jsno'], "ksight: unknown option '--jsno': did you mean --json?"],
  [['ps', '--pointers', 'bare'], 'allowed choices are raw, hashed, hidden'],
  [['ps', '--pointers'], 'argument missing'],
  [['ps', 'more'], 'too many arguments'],
  [['task'], "missing required argument 'pid'"],
  [['task', '-1'], 'wrong PID "-1"'],
  [['task', '1', 'comm[99]'], 'it has 16 elements'],
  [['task', '1', 'pid[0]'], 'pid is neither array nor pointer'],
  [['task', '1x'], 'wrong PID "1x"'],
  [['task', '99999999999'], 'wrong PID "99999999999"'],
  [['task', '1', 'comm..x['], 'no path to a member'],
  [['threads', 'self'], 'wrong PID "self"'],
  [['type'], 'no type is named'],
  [['type', '--header', 'task_struct'], 'it prints all types'],
  [['type', '--header', '--json'], 'it prints no JSON'],
  [['type', '--header', '--dts'], 'only one of them'],
  [['ps', '--watch', '0'], 'wrong number of seconds "0"'],
  [['ps', '--walk', 'fast'], 'allowed choices are iterator, list'],
])('wrong usage: %j', (args, line) => {
  expect(failure(args, WRONG_USAGE)).toContain(line)
})

/** Runs the command while this process goes on. */
async function runMeanwhile(args: readonly string[]) {
  const child = spawn(KSIGHT, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { code: code as number | null, stdout, stderr }
}

describeLive('on the running kernel', () => {
  test.each([
    [['task', '4194304'], 'ksight: no task 4194304: '],
    [['threads', '4194304'], 'ksight: no thread 4194304: '],
    [['task', '1', 'comn'], 'did you mean comm?'],
    [
      ['task', '1', 'mm.pgdd'],
      'struct mm_struct of this kernel has none of this name: did you mean pgd?',
    ],
    [['task', '1', 'pid.x'], 'no member x'],
    [['type', 'task_strut'], 'did you mean task_struct'],
    [['type', 'struct', 'pid_t'], 'no struct or fwd pid_t'],
    [['sym', 'vfs_red'], 'did you mean vfs_read'],
    [['sym', '0x10'], 'ksight: no symbol at 0x10: '],
    [['-c', '/no/such/image', 'ps'], 'ksight: cannot read /no/such/image: there is no such file'],
  ])('what does not exist: %j', (args, line) => {
    expect(failure(args, FAILED)).toContain(line)
  })

  test('a process that exits at any moment is shown as it was, or not at all', async () => {
    const outcomes = new Set<string>()
    for (let round = 0; round < 24; round++) {
      const { pid } = spawn('sleep', [String(0.06 + round * 0.008)], { stdio: 'ignore' })
      // Not to wait for it would leave the process that exits a zombie, which still is a task.
      const { code, stdout, stderr } = await runMeanwhile(['task', String(pid), '--json'])
      outcomes.add(String(code))
      if (code === 0) expect(JSON.parse(stdout).members.pid).toBe(pid)
      else expect(stderr).toMatch(new RegExp(`^ksight: no task ${pid}: [^\\n]+\\n$`))
    }
    expect(outcomes).toContain('1')
  })

  test('a pid whose process has just exited', () => {
    const { pid } = spawnSync('true')
    expect(failure(['task', String(pid)], FAILED)).toContain(`no task ${pid}: `)
  })

  test.skipIf(existsSync('/proc/kcore'))('--via kcore where the kernel has none', () => {
    for (const command of ['ps', 'count', 'threads', 'task 1', '']) {
      const args = ['--via', 'kcore', ...command.split(' ').filter((word) => word !== '')]
      expect(failure(args, FAILED)).toContain('/proc/kcore')
    }
  })

  test('without root, what needs the memory of the kernel says which capabilities it lacks', () => {
    const commands = [[], ['task', '1'], ['ps', '--via', 'bpf'], ['threads', '--walk', 'list']]
    for (const args of commands) {
      expect(failure(args, FAILED, NO_ROOT)).toContain('CAP_BPF and CAP_PERFMON')
    }
  })

  test('without root, types can be seen all the same', () => {
    const { status, stdout, stderr } = run(['type', 'list_head'], NO_ROOT)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^struct list_head \{/)
  })

  test('help and version', () => {
    for (const args of [['--help'], ['help'], ['help', 'ps'], ['ps', '--help'], ['-h']]) {
      const { status, stdout, stderr } = run(args)
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      expect(stdout).toMatch(/^Usage: ksight /)
    }
    expect(run(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test('--debug shows how facts were found, and the stack of an error', () => {
    const { status, stderr } = run(['task', '4194304', '--debug'])
    expect(status).toBe(FAILED)
    for (const fact of ['init_task', 'PAGE_OFFSET', 'KASLR offset', 'per-CPU areas']) {
      expect(stderr).toMatch(new RegExp(`^ksight: ${fact}\\b.*checked: `, 'm'))
    }
    expect(stderr).toMatch(/^ksight: no task 4194304: .*\n.*NotFoundError.*\n +at /m)
  })
})
