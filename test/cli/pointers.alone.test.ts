import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { describeLive } from '../support/live.js'
import { failure, json, output, run } from './ksight.js'

const SYSCTL = '/proc/sys/kernel/kptr_restrict'
const before = readFileSync(SYSCTL, 'utf8')

afterEach(() => writeFileSync(SYSCTL, before))

const restrict = (value: number) => writeFileSync(SYSCTL, String(value))

const WITHOUT_SYSLOG = ['setpriv', '--bounding-set=-syslog']

interface Thread {
  readonly task: string
  readonly stack: string | null
}

const ZERO = '0x0000000000000000'

const tasks = (...options: string[]) =>
  json<Thread[]>('threads', '1', ...options).map(({ task }) => task)

/** Whether an address is one of the kernel's. */
const isRaw = (address: string) => /^0xffff[0-9a-f]{12}$/.test(address)
/** Whether it is one of 32 bits, as the kernel prints %p. */
const isHashed = (address: string) => /^0x0{8}[0-9a-f]{8}$/.test(address) && address !== ZERO

describeLive('kernel addresses', () => {
  test('kptr_restrict 0 hashes addresses', () => {
    restrict(0)
    const first = tasks()
    expect(first.length).toBeGreaterThan(0)
    expect(first.filter(isHashed)).toEqual(first)
    expect(new Set(first).size).toBe(first.length)
    // Another run has another key.
    expect(tasks()).not.toEqual(first)
  })

  test('within one run the same address has the same hash', () => {
    restrict(0)
    const { address, members } = json<{ address: string; members: Record<string, string> }>(
      'task',
      '1',
      'group_leader',
      'signal.thread_head.next',
      'thread_node.next',
      'signal.thread_head.prev',
    )
    expect(members.group_leader).toBe(address)
    expect(isHashed(address)).toBe(true)
    expect(members['thread_node.next']).not.toBe(address)
  })

  test('kptr_restrict 1 shows addresses to who has CAP_SYSLOG', () => {
    restrict(1)
    const shown = tasks()
    expect(shown.filter(isRaw)).toEqual(shown)
    const { status, stdout } = run(['threads', '1', '--json'], WITHOUT_SYSLOG)
    expect(status).toBe(0)
    for (const { task, stack } of JSON.parse(stdout)) expect([task, stack]).toEqual([ZERO, ZERO])
  })

  test('kptr_restrict 2 shows addresses to nobody', () => {
    restrict(2)
    expect(new Set(tasks())).toEqual(new Set([ZERO]))
    for (const command of [
      [],
      ['threads'],
      ['task', '1'],
      ['task', 'self', 'thread.sp', 'mm.pgd'],
    ]) {
      for (const form of [[], ['--json']]) {
        const text = output(...command, ...form)
          .replaceAll('0xffff800000000000', '')
          .replaceAll('0xffffffffffffffff', '')
        expect(text).not.toMatch(/\bf{4}[0-9a-f]{12}\b|0xf{4}[0-9a-f]{12}/)
        expect(text).toContain(ZERO)
      }
    }
  })

  test('kptr_restrict 2 hides addresses in messages', () => {
    restrict(2)
    const { stderr } = run(['count', '--debug'])
    expect(stderr).toMatch(/^ksight: PAGE_OFFSET 0x0{16}: /m)
    expect(stderr).not.toMatch(/0xf{4}[0-9a-f]{12}/)
  })

  test('--pointers has the last word', () => {
    restrict(2)
    expect(tasks('--pointers', 'raw').every(isRaw)).toBe(true)
    expect(tasks('--pointers', 'hashed').every(isHashed)).toBe(true)
    restrict(1)
    expect(new Set(tasks('--pointers', 'hidden'))).toEqual(new Set([ZERO]))
  })

  test('sym shows what /proc/kallsyms shows', () => {
    for (const value of [0, 1]) {
      restrict(value)
      const line = readFileSync('/proc/kallsyms', 'utf8').match(/^.* T vfs_read$/m)![0]
      expect(output('sym', 'vfs_read')).toBe(`0x${line}\n`)
    }
    restrict(2)
    expect(failure(['sym', 'vfs_read'], 1)).toContain('kernel.kptr_restrict')
    restrict(1)
    expect(failure(['sym', 'vfs_read'], 1, WITHOUT_SYSLOG)).toContain('CAP_SYSLOG')
  })
})
