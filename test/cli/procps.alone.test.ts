import { spawn } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { describeLive } from '../support/live.js'
import { account, type ListedTask } from './account.js'
import { json, run } from './ksight.js'
import { startOddTasks } from './odd_tasks.js'
import { psListing } from './procps.js'

const ROUNDS = 12

const NO_ROOT = ['setpriv', '--reuid=65534', '--clear-groups', '--inh-caps=-all']

/** Starts processes as quickly as the machine can, most of which end at once. */
function startForking(): void {
  const script = 'while :; do sleep 0.02 & sh -c "exit 3"; done'
  const child = spawn('sh', ['-c', script], { stdio: 'ignore', detached: true })
  onTestFinished(() => void process.kill(-child.pid!, 'SIGKILL'))
}

/** Lists tasks again and again, between two listings of ps. */
function compare(scope: 'processes' | 'threads', list: () => ListedTask[]): void {
  for (let round = 0; round < ROUNDS; round++) {
    const before = psListing(scope)
    const listed = list()
    const after = psListing(scope)
    const { compared, statesCompared, unexplained } = account(before, listed, after)
    expect(unexplained).toEqual([])
    expect(compared).toBeGreaterThan(20)
    expect(statesCompared).toBeGreaterThan(10)
  }
}

const ODD_NAMES = ['new\nline', '\x1b[31mred', 'caf\xc3\xa9', 'bad \xff\xfe', 'a) S (b', 'back\\n']

describeLive('as procps lists it', () => {
  for (const walk of ['iterator', 'list']) {
    test(`ps lists what ps -e lists, by ${walk}, while processes start and end`, async () => {
      await startOddTasks(ODD_NAMES)
      startForking()
      compare('processes', () => json<ListedTask[]>('ps', '--walk', walk))
    })

    test(`threads lists what ps -eL lists, by ${walk}, while processes start and end`, async () => {
      await startOddTasks(ODD_NAMES)
      startForking()
      compare('threads', () =>
        json<ListedTask[]>('threads', '--walk', walk).filter(({ pid }) => pid > 0),
      )
    })
  }

  test('without root, ps and threads list what ps lists', async () => {
    await startOddTasks(ODD_NAMES)
    startForking()
    const list = (command: string) => () => {
      const { status, stdout, stderr } = run([command, '--json'], NO_ROOT)
      expect(status).toBe(0)
      expect(stderr).toMatch(/^ksight: .*CAP_BPF.*\/proc.*\n$/)
      return JSON.parse(stdout) as ListedTask[]
    }
    compare('processes', list('ps'))
    compare('threads', list('threads'))
  })
})
